"""The upper bound of the speed on this machine: decoding alone, inference alone, and the pipeline that does both.

`python -m benchmarks.bound MODEL FOLDER REPEATS` prints JSON: for each of "decoding", "inference" and "pipeline",
the wall and CPU seconds of each run over the folder on all usable cores. The three run in turn. (If wall and CPU
time disagree, other programs were using the cores.)
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from mobilenet_cli import Classifier, Source, find_sources
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.machine.cores import usable_cores


def main(model: str, folder: str, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Measure all three in turn, `repeats` times."""
    classifier = Classifier(model)
    sources = list(find_sources([folder]))
    list(classifier.classify(sources[:1]))  # triggers lazy imports
    cores = usable_cores()
    runs: dict[str, Callable[[], Any]] = {
        "decoding": decoding(classifier, sources, cores),
        "inference": inference(classifier, len(sources), cores),
        "pipeline": lambda: sum(1 for _ in classifier.classify(sources)),
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            seconds[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return seconds


def decoding(classifier: Classifier, sources: list[Source], cores: int) -> Callable[[], None]:
    """Return a function that only decodes, crops and resizes every image."""
    model = classifier.model
    recipe = Preprocessing(model.image_size, model.manifest.crop, model.manifest.interpolation)

    def work(core: int) -> None:
        pixels = np.empty((model.image_size, model.image_size, 3), np.uint8)
        for source in sources[core::cores]:
            load_image(source, recipe, pixels)

    return lambda: _on_all(cores, work)


def inference(classifier: Classifier, images: int, cores: int) -> Callable[[], None]:
    """Return a function that only runs the network, on the same batch until `images` images are done."""
    size, engine = classifier.model.image_size, classifier.model.open_engine()
    batch = np.random.default_rng(0).random((engine.batch_size, size, size, 3), dtype=np.float32)
    sessions = [engine.session() for _ in range(cores)]
    for session in sessions:
        session(batch)

    def work(core: int) -> None:
        for _ in range(core * engine.batch_size, images, cores * engine.batch_size):
            sessions[core](batch)

    return lambda: _on_all(cores, work)


def _on_all(cores: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(core,)) for core in range(cores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2], int(sys.argv[3])), sys.stdout)
