"""The figures as text, shared by the tables and the page."""

from __future__ import annotations

from collections import Counter
from functools import cache

from mobilenet_cli.evaluation.comparison import Comparison, Paired
from mobilenet_cli.evaluation.figures import Evaluation, Proportion, ReliabilityBin
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


def span(bin_: ReliabilityBin) -> str:
    """Return the score interval of a bin: "87–93%"."""
    return f"{100 * bin_.low:.0f}–{100 * bin_.high:.0f}%"


def score(value: float) -> str:
    """Return "0.80": two decimals, or as many as it takes."""
    return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"


def with_interval(proportion: Proportion | None) -> str:
    """Return "90.0%  [85.1–93.4%]", or a dash for None."""
    return NOTHING if proportion is None else f"{percent(proportion.value)}  [{interval(proportion.interval)}]"


def median(value: float | None) -> str:
    """Return "3" or "3.5", or a dash for None."""
    return NOTHING if value is None else f"{value:g}"


def rate(evaluation: Evaluation) -> str:
    """Return the images per second: one decimal below ten, none from there on."""
    speed = evaluation.images_per_second
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"


def headline(evaluation: Evaluation) -> str:
    """Return the numbers of images, classes and words, and how many images count as wrong in any case."""
    text = f"{counted(evaluation.images, 'image')} of {truths(evaluation)}"
    if evaluation.failed:
        verb = "counts" if evaluation.failed == 1 else "count"
        text += f"; {evaluation.failed:,} could not be read and {verb} as wrong"
    if evaluation.without_class:
        verb = "shows" if evaluation.without_class == 1 else "show"
        text += (
            f"; {evaluation.without_class:,} {verb} what the model has no class for: top-1 and top-5 are wrong there"
        )
    return text


def truths(evaluation: Evaluation) -> str:
    """Return the number of classes that images show, and of other words: "3 classes and 1 word"."""
    classes = len(evaluation.per_class) - len(evaluation.words)
    parts = ((classes, "class"), (len(evaluation.words), "word"))
    return " and ".join(counted(number, noun) for number, noun in parts if number)


def right_curve(evaluation: Evaluation) -> list[tuple[float, float]]:
    """Return each `sure` at which there are names, with the share of them that is right."""
    return [(each.sure, each.right.value) for each in evaluation.names if each.right is not None]


def named_curve(evaluation: Evaluation) -> list[tuple[float, float]]:
    """Return each `sure` with the share of images that have a name."""
    return [(each.sure, each.named.value) for each in evaluation.names]


def difference(paired: Paired) -> str:
    """Return the first model's accuracy minus the second's, with the interval, in percentage points."""
    low, high = (100 * end for end in paired.interval)
    return f"{100 * paired.difference:+.1f} points [{low:+.1f} to {high:+.1f}]"


def intervals(comparison: Comparison | None) -> str:
    """Return the explanation of the brackets and of p."""
    if comparison is None:
        return "In brackets: 95% intervals (Wilson)."
    return "In brackets: 95% intervals (Wilson; Bonett and Price). p: McNemar's exact test."


def same_failures(comparison: Comparison) -> bool:
    """Return whether both models failed on the same images, as is usual: they differ only in the input size."""
    first, second = ([each.path for each in one.failures] for one in (comparison.first, comparison.second))
    return first == second


def p_value(paired: Paired) -> str:
    """Return the p-value to three decimals."""
    return f"{paired.p_value:.3f}" if paired.p_value >= _LEAST_P else f"less than {_LEAST_P}"


def class_name(evaluation: Evaluation, index: int) -> str:
    """Return the label of a class, or a word; if several share it, with the wnid or index appended."""
    name = evaluation.name(index)
    label = printable(name.label)
    is_repeated = name.label in _repeated(evaluation.classes + evaluation.words)
    return f"{label} ({name.wnid or index})" if is_repeated else label


@cache
def _repeated(classes: tuple[ClassName, ...]) -> frozenset[str]:
    return frozenset(label for label, count in Counter(name.label for name in classes).items() if count > 1)


def seen_before(evaluation: Evaluation) -> str:
    """Return a sentence on how many of the images the model was made with; "" if it is none, or not known."""
    known = ((evaluation.trained_on, "trained on"), (evaluation.chosen_by, "chosen by"))
    counts = [f"{verb} {count:,}" for count, verb in known if count]
    if not counts:
        return ""
    return (
        f"{printable(evaluation.model)} was {' and '.join(counts)} of these {counted(evaluation.images, 'image')}: "
        "its accuracy on others is lower"
    )
