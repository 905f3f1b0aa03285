"""The gain from decoding JPEGs at a smaller scale: the pipeline with scaled and with full decoding.

`python -m benchmarks.full_decoding MODEL FOLDER REPEATS` prints JSON: for "scaled" and "full", the seconds of each
run, which goes over the folder three times; and "agreement", the share of images with the same best class. The two
run in turn.
"""

from __future__ import annotations

import json
import sys
import time

from mobilenet_cli import Classifier, find_sources
from mobilenet_cli.images import scaling

_ROUNDS = 3
"""Passes over the folder per run, so that opening the model counts for little, as in a camera roll."""


def main(model: str, folder: str, repeats: int) -> dict[str, list[float] | float]:
    """Measure both in turn, `repeats` times."""
    classifier = Classifier(model)
    sources = list(find_sources([folder])) * _ROUNDS
    list(classifier.classify(sources[:1]))  # triggers lazy imports
    ways = {"scaled": scaling.fit, "full": lambda image, box, size: box}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    best: dict[str, list[int]] = {}
    for _ in range(repeats):
        for name, fit in ways.items():
            scaling.fit = fit
            started = time.perf_counter()
            results = list(classifier.classify(sources))
            seconds[name].append(time.perf_counter() - started)
            best[name] = [result.predictions[0].index for result in results]
    same = sum(a == b for a, b in zip(best["scaled"], best["full"], strict=True))
    return {**seconds, "agreement": same / len(best["full"])}


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2], int(sys.argv[3])), sys.stdout)
