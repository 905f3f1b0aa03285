"""Photographs as files and as members of archives: CPU seconds to find, read, decode and resize one.

`python -m benchmarks.archives FOLDER SIZE REPEATS` prints JSON: for each file or folder in FOLDER, the CPU seconds of
an image, once for each repeat. All hold the same photographs, and each photograph is taken from all of them in turn
before the next one is: what slows the machine down for a second slows down all of them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import rotated
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.inputs.find import find_sources


def main(folder: Path, size: int, repeats: int) -> dict[str, list[float]]:
    """Measure every form."""
    names = sorted(path.name for path in folder.iterdir())
    recipe, out = Preprocessing(size), np.empty((size, size, 3), np.uint8)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        for name, spent in _in_turn(folder, names, recipe, out).items():
            seconds[name].append(spent)
    return seconds


def _in_turn(folder: Path, names: list[str], recipe: Preprocessing, out: np.ndarray) -> dict[str, float]:
    found = {name: iter(find_sources([str(folder / name)])) for name in names}
    spent = dict.fromkeys(names, 0.0)
    images = 0
    while True:
        for name in rotated(names, images):
            begin = time.process_time()
            source = next(found[name], None)
            if source is None:
                return {name: total / images for name, total in spent.items()}
            load_image(source, recipe, out)
            spent[name] += time.process_time() - begin
        images += 1


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
