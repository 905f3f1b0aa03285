"""The engines and precisions side by side: the network alone in one thread, and the pipeline on all cores.

`python -m benchmarks.precision MODEL FOLDER REPEATS` prints JSON. MODEL is MobileNet V1 1.0; EfficientNet-Lite0 is
measured too. Each runs at every precision, also where the processor has no instructions for it and the program itself
would run float32. What is not installed, or does not bear a precision, is left out.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any, get_args

import numpy as np

from mobilenet_cli import Classifier, find_sources
from mobilenet_cli.engines import ENGINES, EngineName
from mobilenet_cli.engines.precision import Precision, unsuited
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.models import acquire as acquiring

BATCHES = (1, 4, 32)
_IMAGES_A_TURN = 32
_EFFICIENTNET = "efficientnet_lite0"


def main(model: str, folder: str, repeats: int) -> dict[str, Any]:
    """Measure all of them in turn, `repeats` times."""
    suited = {precision: unsuited(precision) is None for precision in get_args(Precision)}
    acquiring.unsuited = lambda precision: None  # type: ignore[assignment]
    networks = (
        ("MobileNet V1 1.0/128", model, 128),
        ("MobileNet V1 1.0/224", model, 224),
        ("EfficientNet-Lite0", _EFFICIENTNET, 224),
    )
    figures: dict[str, Any] = {"suited": suited, "inference": {}, "pipeline": {}}
    for title, name, size in networks:
        found = classifiers(name, size)
        figures["inference"][title] = inference(found, size, repeats)
        figures["pipeline"][title] = pipeline(found, folder, repeats)
    return figures


def classifiers(model: str, size: int) -> dict[str, Classifier]:
    """Return a model in every engine of compiled files and precision that it can be had in, by "ENGINE PRECISION"."""
    found = {}
    for name, engine in ENGINES.items():
        for precision in engine.precisions if engine.opens == "compiled" else ():
            if (classifier := _classifier(model, size, name, precision)) is not None:
                found[f"{engine.title} {precision}"] = classifier
    return found


def _classifier(model: str, size: int, engine: EngineName, precision: Precision) -> Classifier | None:
    try:
        return Classifier(model, image_size=size, engine=engine, precision=precision)
    except (InputError, ModelError) as error:
        print(f"left out: {error}", file=sys.stderr)
        return None


def inference(found: dict[str, Classifier], size: int, repeats: int) -> dict[str, dict[int, float]]:
    """Return the median milliseconds of CPU time for one image, by engine and by batch size."""
    return timed({name: each.model.open_engine().session() for name, each in found.items()}, size, repeats)


def timed(sessions: dict[str, Callable[[Any], Any]], size: int, repeats: int) -> dict[str, dict[int, float]]:
    """Call sessions in turn with batches of each size, and return the median milliseconds for one image."""
    images = np.random.default_rng(0).random((max(BATCHES), size, size, 3), dtype=np.float32)
    milliseconds: dict[str, dict[int, float]] = {name: {} for name in sessions}
    for batch in BATCHES:
        runs: dict[str, list[float]] = {name: [] for name in sessions}
        for _ in range(repeats):
            for name, session in sessions.items():
                session(images[:batch])
                started = time.process_time()
                for _ in range(0, _IMAGES_A_TURN, batch):
                    session(images[:batch])
                runs[name].append((time.process_time() - started) * 1000 / _IMAGES_A_TURN)
        for name, each in runs.items():
            milliseconds[name][batch] = median(each)
    return milliseconds


def pipeline(found: dict[str, Classifier], folder: str, repeats: int) -> dict[str, float]:
    """Return the images per second of the whole pipeline, by engine: the medians of runs in turn."""
    sources = list(find_sources([folder]))
    runs: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(repeats):
        for name, classifier in found.items():
            started = time.perf_counter()
            done = sum(1 for _ in classifier.classify(sources))
            runs[name].append(done / (time.perf_counter() - started))
    return {name: median(each) for name, each in runs.items()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
