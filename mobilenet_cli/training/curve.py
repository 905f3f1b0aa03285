"""The course of a training as an HTML page: loss and accuracy over the regularisation or the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from mobilenet_cli._version import __version__
from mobilenet_cli.html.templates import template

_WIDTH, _HEIGHT = 640, 316
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 108, 32, 44
_TICKS = 5
_LABEL_GAP = 16  # pixels between the lines' names
_CHARACTER = 8.0  # pixels that a character of a tick takes at most, in any reader's sans-serif font of 12 pixels
_TICK_GAP = 12


@dataclass(frozen=True, slots=True)
class Series:
    """A line in a chart.

    Attributes:
        name: The line's name.
        values: Its value at each x; None where there is none.
    """

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over a common x axis.

    Attributes:
        title: The quantity on the y axis.
        x_name: The quantity on the x axis.
        xs: The values of x as text, drawn at equal distances.
        series: The lines, the most important first.
        form: "percent" shows the values, fractions from 0 to 1, as percentages.
        chosen: The index in `xs` of the result that was kept.
    """

    title: str
    x_name: str
    xs: tuple[str, ...]
    series: tuple[Series, ...]
    form: Literal["number", "percent"]
    chosen: int


def training_page(title: str, facts: Sequence[tuple[str, str]], charts: Sequence[Chart]) -> str:
    """Return an HTML page with a table of facts, given as names and values, and each chart as a drawing and a table."""
    drawn = [(chart, _drawn(chart)) for chart in charts]
    return template("training.html.jinja").render(
        title=title, facts=facts, charts=drawn, shown=_shown, width=_WIDTH, height=_HEIGHT, version=__version__
    )


def _drawn(chart: Chart) -> dict[str, Any]:
    """Return the positions of everything in the drawing, in pixels."""
    known = [value for series in chart.series for value in series.values if value is not None]
    ticks = _ticks(0.0 if chart.form == "number" else min(known, default=0.0), max(known, default=1.0))
    if chart.form == "percent":
        ticks = [tick for tick in ticks if tick <= 1]
        ticks = ticks if len(ticks) > 1 else [0.0, 1.0]  # where all values are 100 %
    low, high = ticks[0], ticks[-1]
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(chart.xs) - 1)

    def y(value: float) -> float:
        return round(_HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM), 1)

    xs = [round(_LEFT + place * step, 1) for place in range(len(chart.xs))]
    lines = [
        [(x, y(value)) for x, value in zip(xs, series.values, strict=True) if value is not None]
        for series in chart.series
    ]
    every = math.ceil((max(map(len, chart.xs), default=0) * _CHARACTER + _TICK_GAP) / step)
    return {
        "left": _LEFT,
        "right": _WIDTH - _RIGHT,
        "top": _TOP,
        "bottom": _HEIGHT - _BOTTOM,
        "y_ticks": [(y(tick), _shown(tick, chart.form, short=True)) for tick in ticks],
        "x_ticks": list(zip(xs, chart.xs, strict=True))[::every],
        "lines": lines,
        "names": _names([line[-1][1] if line else 0.0 for line in lines]),
        "chosen": xs[chart.chosen],
    }


def _names(ends: list[float]) -> list[float]:
    """Return the heights of the lines' names: at the ends of the lines, moved apart where they would overlap.

    Where that would put one below the chart, over the ticks, those above it make room.
    """
    order, places = sorted(range(len(ends)), key=ends.__getitem__), list(ends)
    for above, below in pairwise(order):
        places[below] = max(places[below], places[above] + _LABEL_GAP)
    lowest = float(_HEIGHT - _BOTTOM)
    for index in reversed(order):
        places[index] = min(places[index], lowest)
        lowest = places[index] - _LABEL_GAP
    return places


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers from at most `low` to at least `high`."""
    span = max(high - low, 1e-9)
    unit = 10 ** math.floor(math.log10(span / _TICKS))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit * _TICKS >= span)
    first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), math.floor(low / step) + 1)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _shown(value: float | None, form: str, *, short: bool = False) -> str:
    if value is None:
        return "–"
    if form == "percent":
        return f"{value:.0%}" if short else f"{value:.1%}"
    return f"{value:g}" if short else f"{value:.3f}"
