"""The figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks.contenders import OURS
from benchmarks.measure import Usage
from benchmarks.targets import Target, rates_after_start, share_of_bound, shares_of_files, targets, usage

TITLES = {
    "one": "One photograph, whole process",
    "photos": "{images:,} photographs of about 500×375, whole process",
    "large": "{images:,} JPEGs of 12 megapixels, whole process",
    "tiny": "{images:,} PNGs of 32×32, whole process",
}


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of all tables: one per suite, then the targets."""
    for name, title in TITLES.items():
        if name in figures:
            yield from ("", title.format(**figures[name]), "")
            yield from _compared(figures[name])
    if "photos" in figures:
        yield from ("", "The bound on those photographs", "")
        yield from _bound(figures["photos"])
    if "precision" in figures:
        yield from _precision(figures["precision"], figures["machine"]["processor"])
    if "formats" in figures:
        yield from ("", "Files of 12 megapixels, CPU time", "")
        yield from _formats(figures["formats"])
    if "scale" in figures:
        yield from ("", "Scale", "")
        yield from _scale(figures["scale"])
    if "shards" in figures:
        yield from ("", "{images:,} photographs, as files and in archives".format(**figures["shards"]), "")
        yield from _shards(figures["shards"])
    if "cluster" in figures:
        title = "{images:,} photographs in 20 archives, on a cluster of two machines that this one plays"
        yield from ("", title.format(**figures["cluster"]), "")
        yield from _cluster(figures["cluster"])
    yield from ("", "Targets", "")
    yield from table(("", "target", "measured", "wanted"), map(_target, targets(figures)), texts=2)
    yield from ("", "Commands, each with the folder at its end", "")
    yield from (f"- {name}: `{command}`" for name, command in figures.get("commands", {}).items())


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> Iterator[str]:
    """Yield the lines of a Markdown table whose first `texts` columns are text and the others numbers."""
    cells = [list(header), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        padded = (
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"| {' | '.join(padded)} |"


def _compared(figures: dict[str, Any]) -> Iterator[str]:
    medians = {name: usage(runs) for name, runs in figures["usages"].items()}
    header = ("contender", "wall s", "CPU s", "images/s", "peak MiB", "wall ÷ ours")
    yield from table(
        header,
        (
            (name, *_figures(each, figures["images"]), f"{each.wall / medians[OURS].wall:.2f}")
            for name, each in medians.items()
        ),
    )


def _figures(each: Usage, images: int) -> tuple[str, str, str, str]:
    return f"{each.wall:.2f}", f"{each.cpu:.2f}", f"{images / each.wall:,.1f}", f"{each.peak:,.0f}"


def _bound(figures: dict[str, Any]) -> Iterator[str]:
    bound = figures["bound"]
    seconds = {name: [median(run[measure] for run in runs) for measure in (0, 1)] for name, runs in bound.items()}
    seconds["both, the bound"] = [a + b for a, b in zip(seconds["decoding"], seconds["inference"], strict=True)]
    rows = [
        (name, f"{figures['images'] / wall:,.1f}", f"{figures['images'] / cpu:,.1f}")
        for name, (wall, cpu) in seconds.items()
    ]
    shares = (f"{share_of_bound(bound, measure):.3f}" for measure in (0, 1))
    yield from table(
        ("alone, on all cores", "images per s", "images per CPU s"), [*rows, ("pipeline over the bound", *shares)]
    )


def _precision(figures: dict[str, Any], processor: str) -> Iterator[str]:
    suited = ", ".join(f"{name} {'yes' if has else 'no'}" for name, has in figures["suited"].items())
    yield from ("", f"Precisions on {processor}; instructions for {suited}", "")
    rows = [
        (network, name, *(f"{each[batch]:.2f}" for batch in each), f"{figures['pipeline'][network][name]:,.1f}")
        for network, by_name in figures["inference"].items()
        for name, each in by_name.items()
    ]
    batches = next(iter(next(iter(figures["inference"].values())).values()))
    columns = (f"ms, batch of {batch}" for batch in batches)
    header = ("network", "engine and precision", *columns, "pipeline, images/s")
    yield from table(header, rows, texts=2)


def _formats(figures: dict[str, Any]) -> Iterator[str]:
    rows = [
        (
            name,
            *(f"{1000 * seconds[way] / figures['images']:.1f}" for way in ("decoder", "ours", "whole")),
            f"{seconds['decoder'] / seconds['ours']:.2f}",
            f"{seconds['whole'] / seconds['ours']:.1f}",
        )
        for name, seconds in figures["seconds"].items()
    ]
    yield from table(("format", "decoder alone, ms", "ours, ms", "every pixel, ms", "over the bound", "gain"), rows)


def _scale(figures: dict[str, Any]) -> Iterator[str]:
    rows = [
        (f"{figures[name]['images']:,}", *_figures(usage(figures[name]["usages"]), figures[name]["images"]))
        for name in ("few", "many")
    ]
    yield from table(("files", "wall s", "CPU s", "images/s", "peak MiB"), rows)


def _shards(figures: dict[str, Any]) -> Iterator[str]:
    medians = {name: usage(runs) for name, runs in figures["usages"].items()}
    header = ("images in", "wall s", "CPU s", "images/s", "peak MiB", "ms to decode", "CPU ÷ files")
    decoding, shares = figures["decoding"], shares_of_files(figures)
    yield from table(
        header,
        (
            (name, *_figures(each, figures["images"]), f"{1000 * median(decoding[name]):.2f}", f"{shares[name]:.3f}")
            for name, each in medians.items()
        ),
    )


def _cluster(figures: dict[str, Any]) -> Iterator[str]:
    rows = [
        (name, f"{median(figures['start'][name]):.1f}", f"{median(seconds):.1f}", f"{rate:,.1f}")
        for (name, seconds), rate in zip(figures["seconds"].items(), rates_after_start(figures).values(), strict=True)
    ]
    yield from table(("on", "start s", "wall s", "images/s after the start"), rows)


def _target(target: Target) -> tuple[str, str, str, str]:
    wanted = f"≥ {target.least:g}" if target.least is not None else f"≤ {target.most:g}"
    unit = f" {target.unit}".rstrip()
    return "pass" if target.met else "MISS", target.text, f"{target.value:.2f}{unit}", f"{wanted}{unit}"
