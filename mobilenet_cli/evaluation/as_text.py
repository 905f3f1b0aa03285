"""An evaluation as tables for the terminal."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mobilenet_cli.evaluation.comparison import Comparison
from mobilenet_cli.evaluation.figures import Evaluation
from mobilenet_cli.evaluation.wording import (
    class_name,
    difference,
    headline,
    intervals,
    median,
    p_value,
    percent,
    rate,
    same_failures,
    score,
    span,
    with_interval,
)
from mobilenet_cli.text import counted, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

_CONFUSIONS = 10
_CLASSES = 10
_NAMES_EXPLAINED = (
    "Named: of all images. Right, vaguer (a word above the truth; right too) and wrong: of the names.\n"
    "Classes: the median number of classes below a name. One class: names with no more than one."
)
_FAILURES = 5
_UNLIMITED = 10_000
"""Width in a pipe. Nothing is folded, so that grep finds whole lines."""


def as_text(
    evaluation: Evaluation, comparison: Comparison | None = None, *, is_terminal: bool = False, all_rows: bool = False
) -> str:
    """Return the tables as text.

    Args:
        evaluation: The first model's evaluation.
        comparison: The comparison that it is part of, if there is a second model.
        is_terminal: Whether to use colours and the terminal's width.
        all_rows: Whether the tables of classes and confusions have all rows, not only the first ten.
    """
    width = shutil.get_terminal_size().columns if is_terminal else _UNLIMITED
    console = Console(
        file=io.StringIO(), force_terminal=is_terminal, width=width, markup=False, highlight=False, emoji=False
    )
    with console.capture() as written:
        for part in _parts(evaluation, comparison, all_rows):
            console.print(part)
    return "\n".join(line.rstrip() for line in written.get().splitlines()) + "\n"


def _parts(evaluation: Evaluation, comparison: Comparison | None, all_rows: bool) -> Iterator[RenderableType]:
    evaluations = [evaluation] if comparison is None else [comparison.first, comparison.second]
    yield headline(evaluation)
    yield ""
    yield _figures(evaluations)
    if comparison is not None:
        yield ""
        yield _comparison(comparison)
    yield Text("\n" + intervals(comparison), "dim")
    for each in evaluations:
        yield from _details(each, all_rows)
    yield from _failures(evaluation)
    if comparison is not None and not same_failures(comparison):
        yield from _failures(comparison.second)


def _table(title: str | None, *columns: str) -> Table:
    """Return an empty table. A column whose name ends in "#" holds numbers and is aligned right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(Text(column.rstrip("#")), justify="right" if column.endswith("#") else "left")
    return table


def _figures(evaluations: list[Evaluation]) -> Table:
    table = _table(None, "", *(f"{printable(each.model)}" for each in evaluations))

    def row(title: str, figure: Callable[[Evaluation], str]) -> None:
        table.add_row(title, *(Text(figure(each)) for each in evaluations))

    row("Top-1 accuracy", lambda each: with_interval(each.top_1))
    row("Top-5 accuracy", lambda each: with_interval(each.top_5))
    if any(each.failed for each in evaluations):
        row("  of classified: top-1", lambda each: with_interval(each.classified_top_1))
        row("  of classified: top-5", lambda each: with_interval(each.classified_top_5))
    row(f"Named at {score(evaluations[0].sure)}", lambda each: with_interval(each.names_at_sure.named))
    row("  of named: right", lambda each: with_interval(each.names_at_sure.right))
    row("Mean per-class accuracy", lambda each: percent(each.mean_class_accuracy))
    row("Expected calibration error", lambda each: percent(each.calibration_error))
    row("Images/s", rate)
    return table


def _comparison(comparison: Comparison) -> Table:
    columns = ("Right:", "Both#", "Only first#", "Only second#", "Neither#", "First minus second#", "p#")
    table = _table("The models on the same images", *columns)
    for name, each in (("Top-1", comparison.top_1), ("Top-5", comparison.top_5)):
        if each is not None:
            counts = (each.both_right, each.only_first, each.only_second, each.both_wrong)
            table.add_row(name, *(f"{count:,}" for count in counts), Text(difference(each)), p_value(each))
    return table


def _details(evaluation: Evaluation, all_rows: bool) -> Iterator[RenderableType]:
    of_model = f"of {printable(evaluation.model)}"
    most = len(evaluation.per_class) if all_rows else _CLASSES
    yield ""
    yield Text(f"Accuracy per class {of_model}, lowest first", "bold")  # rich would fold it to the table's width
    yield _classes(evaluation, most)
    if (more := len(evaluation.per_class) - most) > 0:
        yield Text(f"and {counted(more, 'more class')}: --all lists them", "dim")
    if evaluation.confusions:
        yield ""
        most = len(evaluation.confusions) if all_rows else _CONFUSIONS
        yield _confusions(evaluation, f"Most frequent confusions {of_model}", most)
        if (more := len(evaluation.confusions) - most) > 0:
            yield Text(f"and {counted(more, 'more pair')} of classes: --all lists them", "dim")
    if evaluation.failed < evaluation.images:
        yield ""
        yield _names(evaluation, f"Names given by {printable(evaluation.model)}")
        yield Text(_NAMES_EXPLAINED, "dim")
    if any(each.images for each in evaluation.reliability):
        yield ""
        yield _reliability(evaluation, f"Reliability {of_model}")


def _names(evaluation: Evaluation, title: str) -> Table:
    table = _table(title, "", "Sure#", "Named#", "Right#", "Vaguer#", "Wrong#", "Classes#", "One class#")
    for each in evaluation.names:
        is_chosen = each.sure == evaluation.sure
        shares = (percent(each.vaguer_share), percent(each.wrong_share))
        cells = (score(each.sure), percent(each.named.value), with_interval(each.right), *shares)
        breadth = (median(each.median_classes), percent(each.single_share))
        table.add_row(">" if is_chosen else "", *cells, *breadth, style="bold" if is_chosen else None)
    return table


def _classes(evaluation: Evaluation, most: int) -> Table:
    table = _table(None, "Accuracy#", "Correct#", "Images#", "Class")
    for each in evaluation.worst_classes[:most]:
        name = Text(class_name(evaluation, each.index))
        table.add_row(percent(each.correct / each.images), f"{each.correct:,}", f"{each.images:,}", name)
    return table


def _confusions(evaluation: Evaluation, title: str, most: int) -> Table:
    table = _table(title, "Images#", "Of#", "Truth", "Prediction")
    images = {each.index: each.images for each in evaluation.per_class}
    for each in evaluation.confusions[:most]:
        truth, predicted = (Text(class_name(evaluation, index)) for index in (each.truth, each.predicted))
        table.add_row(f"{each.images:,}", f"{images[each.truth]:,}", truth, predicted)
    return table


def _reliability(evaluation: Evaluation, title: str) -> Table:
    table = _table(title, "Score#", "Images#", "Mean score#", "Correct#")
    for each in evaluation.reliability:
        if each.images:
            table.add_row(span(each), f"{each.images:,}", percent(each.confidence), percent(each.accuracy))
    return table


def _failures(evaluation: Evaluation) -> Iterator[RenderableType]:
    if not evaluation.failures:
        return
    yield ""
    table = _table(f"{counted(evaluation.failed, 'image')} could not be read", "File", "Reason")
    for each in evaluation.failures[:_FAILURES]:
        table.add_row(Text(printable(each.path), overflow="fold"), Text(printable(each.error)))
    yield table
    if (more := evaluation.failed - _FAILURES) > 0:
        yield Text(f"and {more:,} more: --json lists them all", "dim")
