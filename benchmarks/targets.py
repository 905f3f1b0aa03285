"""What the figures have to show. Each target is a ratio within one run, so that it holds on any machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.contestants import OURS, TF_DATA, WEB_PAGE
from benchmarks.measure import Usage


@dataclass(frozen=True)
class Target:
    """One thing that is promised.

    Attributes:
        text: What, in words.
        value: What was measured.
        least: What it has to be at least, or None.
        most: What it may be at most, or None.
        unit: "×", "MiB", "s" or "".
    """

    text: str
    value: float
    least: float | None = None
    most: float | None = None
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether it is so."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


def targets(report: dict[str, Any]) -> Iterator[Target]:
    """Yield the targets of the suites that the report has."""
    if "one" in report:
        ours, loop = (usage(report["one"]["usages"][name]) for name in (OURS, WEB_PAGE))
        yield Target("one image: wall time of the web page's loop over ours", loop.wall / ours.wall, 12, unit="×")
        yield Target("one image: peak memory of the web page's loop over ours", loop.peak / ours.peak, 5, unit="×")
    if "photos" in report:
        walls = {name: usage(runs).wall for name, runs in report["photos"]["usages"].items()}
        yield Target("photographs: pipeline over the bound", share_of_bound(report["photos"]["bound"]), 0.90)
        yield Target("photographs: speed over the web page's loop", walls[WEB_PAGE] / walls[OURS], 5, unit="×")
        yield Target("photographs: speed over tf.data", walls[TF_DATA] / walls[OURS], 1.6, unit="×")
    if "large" in report:
        decoding = report["large"]["decoding"]
        gain = median(decoding["full"]) / median(decoding["scaled"])
        yield Target("12 megapixels: pipeline over the same with full decoding", gain, 4, unit="×")
    if "scale" in report:
        yield from _of_scale(report["scale"])


def _of_scale(report: dict[str, Any]) -> Iterator[Target]:
    start = usage(report["start"])
    few, many = (usage(report[name]["usages"]) for name in ("few", "many"))
    rates = [
        (report[name]["images"] - 1) / (usages.wall - start.wall) for name, usages in (("few", few), ("many", many))
    ]
    yield Target("many files: peak memory over that of a hundredth of them", many.peak / few.peak, most=1.10, unit="×")
    yield Target("many files: images/s after the start over those of a hundredth", rates[1] / rates[0], 0.90, unit="×")
    yield Target("many files: peak memory", many.peak, most=250, unit="MiB")
    yield Target("many files: the first row after the start", median(report["first row"]), most=1, unit="s")


def usage(runs: list[dict[str, float]]) -> Usage:
    """Return the median of what several runs of one contender took."""
    return Usage.median([Usage(**run) for run in runs])


def share_of_bound(bound: dict[str, list[list[float]]], measure: int = 0) -> float:
    """Return the pipeline's speed over the harmonic combination of decoding's and inference's speed.

    That is: the time of doing the one and then the other on all cores, over the time of the pipeline.

    Args:
        bound: What benchmarks.bound printed.
        measure: 0 for wall time, 1 for CPU time.
    """
    seconds = {name: median(run[measure] for run in runs) for name, runs in bound.items()}
    return (seconds["decoding"] + seconds["inference"]) / seconds["pipeline"]
