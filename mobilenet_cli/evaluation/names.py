"""What the names given at several values of `sure` are worth: counted as results pass, in little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from statistics import median
from typing import Literal

from mobilenet_cli.evaluation.figures import NamesAtSure
from mobilenet_cli.evaluation.targets import Target, TargetFinder
from mobilenet_cli.records import Name

Verdict = Literal["right", "vaguer", "wrong"]

CURVE = tuple(round(0.30 + 0.05 * step, 2) for step in range(14))
"""The values of `sure` that every evaluation looks at: 0.30 to 0.95."""


def sures_with(sure: float) -> tuple[float, ...]:
    """Return CURVE with `sure` in it, rising."""
    return tuple(sorted({*CURVE, sure}))


class NamesTally:
    """Counts how many names are right, vaguer and wrong at each `sure`, and how many classes are below them.

    Args:
        finder: Knows the model's classes and what stands above them.
        sures: The values of `sure`, in the order of the names.
    """

    def __init__(self, finder: TargetFinder, sures: Sequence[float]) -> None:
        self._sures = sures
        self._verdicts: list[Counter[Verdict]] = [Counter() for _ in sures]
        self._breadths: list[Counter[int]] = [Counter() for _ in sures]
        self._images = 0

        @cache
        def breadth(wnid: str) -> int:
            return len(finder.members(wnid)) or 1

        @cache
        def judged(wnid: str, label: str, target: Target) -> Verdict:
            return verdict(finder, wnid, label, target)

        self._breadth, self._judged = breadth, judged

    def add(self, target: Target, names: Sequence[Name | None]) -> None:
        """Count an image.

        Args:
            target: What it shows.
            names: What it is called at each `sure`; empty where it could not be read, and so has no name.
        """
        self._images += 1
        for verdicts, breadths, name in zip(self._verdicts, self._breadths, names, strict=False):
            if name is not None:
                verdicts[self._judged(name.wnid, name.label, target)] += 1
                breadths[self._breadth(name.wnid)] += 1

    def curve(self) -> Iterator[NamesAtSure]:
        """Yield the figures at each `sure`."""
        for sure, verdicts, breadths in zip(self._sures, self._verdicts, self._breadths, strict=True):
            yield NamesAtSure(
                sure=sure,
                images=self._images,
                exact=verdicts["right"],
                vaguer=verdicts["vaguer"],
                wrong=verdicts["wrong"],
                median_classes=_median(breadths),
                single_classes=breadths[1],
            )


def verdict(finder: TargetFinder, wnid: str, label: str, target: Target) -> Verdict:
    """Return whether a name, given by its wnid and label, is right for what an image shows.

    "right" is the target itself or something below it, "vaguer" a word above it.
    """
    true = target.name
    if not wnid:
        return "right" if (wnid, label) == (true.wnid, true.label) else "wrong"
    if wnid == true.wnid or finder.taxonomy.is_above(true.wnid, wnid):
        return "right"
    return "vaguer" if wnid in target.above else "wrong"


def _median(counts: Counter[int]) -> float | None:
    """Return the median of numbers, given how often each occurs; None of no numbers."""
    return median(counts.elements()) if counts else None
