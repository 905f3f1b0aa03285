"""What two runs of a network may differ in: processors and batch sizes round differently.

Labels are compared exactly, unless two scores are so near that rounding may exchange them, and scores within 1e-4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

TOLERANCE = 1e-4
"""The largest difference of two scores that may be rounding."""
TIE = 1e-3
"""Classes whose scores are nearer than this may change places."""

Predictions = Sequence[Mapping[str, Any]]
"""The predictions of a Result as JSON has them."""


def decided(predictions: Predictions) -> list[bool]:
    """Return for each rank whether its class is sure to be the same wherever the network runs."""
    scores = [each["score"] for each in predictions]
    unseen = min(scores[-1], 1 - sum(scores))  # the highest that the class after the last one can have
    gaps = [before - after for before, after in pairwise([float("inf"), *scores, unseen])]
    return [min(pair) > TIE for pair in pairwise(gaps)]


def differences(one: Predictions, other: Predictions, tolerance: float = TOLERANCE) -> list[str]:
    """Return what differs by more than rounding between two runs' predictions of the same image."""
    if len(one) != len(other):
        return [f"{len(one)} and {len(other)} predictions"]
    return [
        f"{a['label']} {a['score']} and {b['label']} {b['score']} at rank {a['rank']}"
        for a, b, sure in zip(one, other, decided(one), strict=True)
        if abs(a["score"] - b["score"]) > tolerance or (sure and (a["index"], a["wnid"]) != (b["index"], b["wnid"]))
    ]
