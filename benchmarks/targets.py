"""The targets. Most are ratios within one run, so that they hold on any machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.contenders import OURS, TF_DATA, WEB_PAGE
from benchmarks.measure import Usage


@dataclass(frozen=True)
class Target:
    """A promise and its measured value.

    Attributes:
        text: What is measured.
        value: The measured value.
        least: Its lower limit, or None.
        most: Its upper limit, or None.
        unit: "×", "MiB", "s" or "".
    """

    text: str
    value: float
    least: float | None = None
    most: float | None = None
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the value is within its limits."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


def targets(figures: dict[str, Any]) -> Iterator[Target]:
    """Yield the targets of the suites that were run."""
    if "one" in figures:
        ours, loop = (usage(figures["one"]["usages"][name]) for name in (OURS, WEB_PAGE))
        yield Target("one image: wall time of the web page's loop over ours", loop.wall / ours.wall, 12, unit="×")
        yield Target("one image: peak memory of the web page's loop over ours", loop.peak / ours.peak, 5, unit="×")
    if "photos" in figures:
        walls = {name: usage(runs).wall for name, runs in figures["photos"]["usages"].items()}
        yield Target("photographs: pipeline over the bound", share_of_bound(figures["photos"]["bound"]), 0.90)
        yield Target("photographs: speed over the web page's loop", walls[WEB_PAGE] / walls[OURS], 5, unit="×")
        yield Target("photographs: speed over tf.data", walls[TF_DATA] / walls[OURS], 1.6, unit="×")
    if "large" in figures:
        decoding = figures["large"]["decoding"]
        gain = median(decoding["full"]) / median(decoding["scaled"])
        yield Target("12 megapixels: pipeline over the same with full decoding", gain, 4, unit="×")
    if "precision" in figures:
        yield from _of_precision(figures["precision"])
    if "formats" in figures:
        yield from _of_formats(figures["formats"]["seconds"])
    if "scale" in figures:
        yield from _of_scale(figures["scale"])
    if "shards" in figures:
        over_files = shares_of_files(figures["shards"])
        for name in ("x.tar", "stored.zip", "x.parquet"):
            yield Target(f"{name}: CPU time over that of the same files", over_files[name], most=1.03)
    if "cluster" in figures:
        yield from _of_cluster(figures["cluster"])


def shares_of_files(shards: dict[str, Any]) -> dict[str, float]:
    """Return the CPU time of each form of archive over that of the same files.

    A whole run's time varies by far more than archives cost. So what finding, reading and decoding an image takes more,
    which was measured image by image in turn, is set against the time of an image in a whole run on the files.
    """
    whole = usage(shards["usages"]["files"]).cpu / shards["images"]
    files = shards["decoding"]["files"]
    return {
        name: 1 + median(mine - theirs for mine, theirs in zip(seconds, files, strict=True)) / whole
        for name, seconds in shards["decoding"].items()
    }


# On processors with the instructions: network, engine and precision, the gain in the network alone at batches of four,
# and in the whole pipeline on photographs of 500 pixels.
_GAINS = (
    ("MobileNet V1 1.0/128", "OpenVINO bfloat16", 3, 2),
    ("EfficientNet-Lite0", "LiteRT int8", 2.5, 1.8),
)
_BASE = "LiteRT float32"


def _of_precision(figures: dict[str, Any]) -> Iterator[Target]:
    for network, name, alone, whole in _GAINS:
        inference, pipeline = figures["inference"][network], figures["pipeline"][network]
        if not figures["suited"][name.split()[-1]] or name not in inference:
            continue
        gain = inference[_BASE]["4"] / inference[name]["4"]
        yield Target(f"{network}: inference of {name} over {_BASE}", gain, alone, unit="×")
        yield Target(f"{network}: pipeline of {name} over {_BASE}", pipeline[name] / pipeline[_BASE], whole, unit="×")


def _of_formats(figures: dict[str, dict[str, float]]) -> Iterator[Target]:
    gains = {"HEIC with a thumbnail": 15, "JPEG 2000": 6, "JPEG, progressive": 3, "HEIC": 0.97}
    for name, least in gains.items():
        gain = figures[name]["whole"] / figures[name]["ours"]
        yield Target(f"{name}, 12 megapixels: speed over the same with every pixel decoded", gain, least, unit="×")
    for name, seconds in figures.items():
        yield Target(f"{name}, 12 megapixels: ours over the decoder alone", seconds["decoder"] / seconds["ours"], 0.80)


def _of_scale(figures: dict[str, Any]) -> Iterator[Target]:
    start = usage(figures["start"])
    few, many = (usage(figures[name]["usages"]) for name in ("few", "many"))
    rates = [
        (figures[name]["images"] - 1) / (usages.wall - start.wall) for name, usages in (("few", few), ("many", many))
    ]
    yield Target("many files: peak memory over that of a hundredth of them", many.peak / few.peak, most=1.10, unit="×")
    yield Target("many files: images/s after the start over those of a hundredth", rates[1] / rates[0], 0.90, unit="×")
    yield Target("many files: peak memory", many.peak, most=250, unit="MiB")
    yield Target("many files: the first row after the start", median(figures["first row"]), most=1, unit="s")


def _of_cluster(figures: dict[str, Any]) -> Iterator[Target]:
    rates = rates_after_start(figures)
    gain = rates["cluster"] / rates["this machine"]
    yield Target("two machines: images/s after the start over those of this one", gain, 0.85, unit="×")
    yield Target("two machines: the largest difference of a score", figures["difference"], most=1e-4)
    worked = sum(count > 0 for count in figures["images per machine"])
    yield Target("two machines: how many worked", worked, 2)


def rates_after_start(figures: dict[str, Any]) -> dict[str, float]:
    """Return the images per second of each runner of the suite "cluster", start-up left out."""
    return {
        name: figures["images"] / (median(seconds) - median(figures["start"][name]))
        for name, seconds in figures["seconds"].items()
    }


def usage(runs: list[dict[str, float]]) -> Usage:
    """Return the median usage of several runs of one contender."""
    return Usage.median([Usage(**run) for run in runs])


def share_of_bound(bound: dict[str, list[list[float]]], measure: int = 0) -> float:
    """Return the pipeline's speed as a share of the bound.

    It is the time for all decoding and then all inference on all cores, divided by the time of the pipeline.

    Args:
        bound: The object that benchmarks.bound printed.
        measure: 0 for wall time, 1 for CPU time.
    """
    seconds = {name: median(run[measure] for run in runs) for name, runs in bound.items()}
    return (seconds["decoding"] + seconds["inference"]) / seconds["pipeline"]
