"""What decoding JPEGs at a smaller scale brings: the same pipeline with it and without.

`python -m benchmarks.full_decoding MODEL FOLDER REPEATS` prints JSON: for "scaled" and "full" the seconds a
run over the folder, thrice, took, in turn; and "agreement", the share of images whose best class is the same.
"""

from __future__ import annotations

import json
import sys
import time

from mobilenet_cli import Classifier, find_sources
from mobilenet_cli.images import preprocess

_ROUNDS = 3
"""How often a run goes over the folder, so that opening the model counts for little, as in a camera roll."""


def main(model: str, folder: str, repeats: int) -> dict[str, list[float] | float]:
    """Measure both, one after the other, `repeats` times."""
    classifier = Classifier(model)
    sources = list(find_sources([folder])) * _ROUNDS
    list(classifier.classify(sources[:1]))  # imports what is imported at first use
    ways = {"scaled": preprocess._draft, "full": lambda image, box, size: 1}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    best: dict[str, list[int]] = {}
    for _ in range(repeats):
        for name, draft in ways.items():
            preprocess._draft = draft
            started = time.perf_counter()
            results = list(classifier.classify(sources))
            seconds[name].append(time.perf_counter() - started)
            best[name] = [result.predictions[0].index for result in results]
    same = sum(a == b for a, b in zip(best["scaled"], best["full"], strict=True))
    return {**seconds, "agreement": same / len(best["full"])}


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2], int(sys.argv[3])), sys.stdout)
