"""Figures in words, the same in the table and on the page."""

from __future__ import annotations

from collections import Counter
from functools import cache

from mobilenet_cli.evaluation.figures import Bin, Comparison, Evaluation, Paired
from mobilenet_cli.records import ClassName
from mobilenet_cli.text import counted, printable

NOTHING = "–"
_LEAST_P = 0.001


def percent(value: float | None) -> str:
    """Return "90.0%", or a dash for None."""
    return NOTHING if value is None else f"{value:.1%}"


def interval(ends: tuple[float, float]) -> str:
    """Return "85.1–93.4%"."""
    return f"{100 * ends[0]:.1f}–{100 * ends[1]:.1f}%"


def span(bin_: Bin) -> str:
    """Return the scores of a bin: "87–93%"."""
    return f"{100 * bin_.low:.0f}–{100 * bin_.high:.0f}%"


def rate(evaluation: Evaluation) -> str:
    """Return the images a second: a whole number above ten."""
    speed = evaluation.images_per_second
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"


def headline(evaluation: Evaluation) -> str:
    """Return what was evaluated on, and what became of images that failed."""
    text = f"{counted(evaluation.images, 'image')} of {counted(len(evaluation.per_class), 'class')}"
    if not evaluation.failed:
        return text
    verb = "counts" if evaluation.failed == 1 else "count"
    return f"{text}; {evaluation.failed:,} could not be read and {verb} as wrong"


def difference(paired: Paired) -> str:
    """Return the first model's accuracy minus the second's, with the interval, in percentage points."""
    low, high = (100 * end for end in paired.interval)
    return f"{100 * paired.difference:+.1f} points [{low:+.1f} to {high:+.1f}]"


def intervals(comparison: Comparison | None) -> str:
    """Return what the brackets and p mean."""
    if comparison is None:
        return "In brackets: 95% intervals (Wilson)."
    return "In brackets: 95% intervals (Wilson; Bonett and Price). p: McNemar's exact test."


def same_failures(comparison: Comparison) -> bool:
    """Tell whether both models failed on the same images: they decode alike, but for the size."""
    first, second = ([each.path for each in one.failures] for one in (comparison.first, comparison.second))
    return first == second


def p_value(paired: Paired) -> str:
    """Return it to three decimals."""
    return f"{paired.p_value:.3f}" if paired.p_value >= _LEAST_P else f"less than {_LEAST_P}"


def class_name(evaluation: Evaluation, index: int) -> str:
    """Return the label of a class; where several have it, with what tells them apart."""
    name = evaluation.classes[index]
    label = printable(name.label)
    return f"{label} ({name.wnid or index})" if name.label in _repeated(evaluation.classes) else label


@cache
def _repeated(classes: tuple[ClassName, ...]) -> frozenset[str]:
    return frozenset(label for label, count in Counter(name.label for name in classes).items() if count > 1)
