"""Results as a table for people with a line a label: the file, beside it its names, as soon as they are ready.

First comes the sure label, with its kinds after it, or "not sure"; then the predictions. Where the sure label is the
best prediction, one line is enough for both. This is the table of `-k N`; `one_line` has the usual one.

The widths of the columns are fixed before the first Result is known, from the width of the terminal. On a
terminal, long names fold within their column; elsewhere every name, reason and label stays on one line, so
that `grep` finds it, and a name too long for its column has a line to itself. Nothing is ever cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, BinaryIO

from rich.cells import cell_len

from mobilenet_cli.text import printable
from mobilenet_cli.writers.base import ResultWriter
from mobilenet_cli.writers.lines import GAP, LABEL_WIDTH, NARROWEST, SCORE_WIDTH, UNSURE, UNSURE_SCORE, Lines, bar
from mobilenet_cli.writers.lines import bar_width as width_of_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mobilenet_cli.records import Name, Prediction, Result
    from mobilenet_cli.writers.base import Layout


@dataclass(frozen=True, slots=True)
class Widths:
    """The widths of the columns, in terminal cells; `bar` is 0 where there is no room for bars."""

    file: int
    bar: int
    label: int

    @property
    def rest(self) -> int:
        """The width of everything to the right of the file column."""
        return SCORE_WIDTH + len(GAP) + self.label + (self.bar + len(GAP) if self.bar else 0)


def widths_for(total: int) -> Widths:
    """Share out a line of `total` cells: the label comes first, then the file, then the bar."""
    total = max(total, NARROWEST)
    bar = width_of_bars(total)
    room = total - SCORE_WIDTH - 2 * len(GAP) - (bar + len(GAP) if bar else 0)
    label = min(LABEL_WIDTH, room // 2)
    return Widths(file=min(room - label, 80), bar=bar, label=label)


class TableWriter(ResultWriter):
    """Writes the table."""

    def __init__(self, stream: BinaryIO, options: Layout, *, begun: bool = False) -> None:
        super().__init__(stream, options, begun=begun)
        self._lines = Lines(stream)
        self._folds = self._lines.fold
        self._widths = widths_for(self._lines.width)
        self._spaced = options.top_k > 1

    def write(self, record: Result, cells: Sequence[str] = ()) -> None:
        """Write the lines of one Result, after the header or the blank line that sets it off."""
        del cells  # there is no room for them
        right = self._reason(record.error, "red") if record.status == "error" else self._names(record)
        lines = self._beside(printable(record.path), right)
        if not self._begun:
            lines = [*self._header(), *lines]
        elif self._spaced:
            lines = ["", *lines]
        self._begun = True
        self._stream.write("".join(f"{line.rstrip()}\n" for line in lines).encode())

    def _header(self) -> list[str]:
        widths = self._widths
        score = "Score".rjust(SCORE_WIDTH) + (GAP + " " * widths.bar if widths.bar else "")
        titles = "File".ljust(widths.file) + GAP + score + GAP + "Label"
        rule = "─" * (widths.file + len(GAP) + widths.rest)
        return [self._lines.styled(titles, "bold"), self._lines.styled(rule, "dim")]

    def _beside(self, path: str, right: list[str]) -> list[str]:
        """Put the path to the left of the lines of the other columns."""
        width = self._widths.file
        if cell_len(path) <= width:
            left = [path]
        elif self._folds:
            left = self._lines.chopped(path, width)
        else:
            left, right = [path], ["", *right]
        pairs = zip_longest(left, right, fillvalue="")
        return [name + " " * (width - cell_len(name)) + GAP + other for name, other in pairs]

    def _reason(self, reason: str | None, style: str) -> list[str]:
        return self._lines.folded(printable(reason or ""), self._widths.rest, style)

    def _names(self, result: Result) -> list[str]:
        label, predictions = result.label, result.predictions
        if label is None and not predictions:
            lines = [self._lines.styled("no prediction left", "dim")]
        elif label is None:
            lines = self._line(UNSURE_SCORE, 0.0, "dim", self._lines.folded(UNSURE, self._widths.label, "dim"))
        else:
            lines = self._line(f"{label.score:.1%}", label.score, "bold", self._sure(label, result.kinds))
            if predictions and (label.wnid, label.label) == (predictions[0].wnid, predictions[0].label):
                predictions = predictions[1:]
        for each in predictions:
            lines += self._prediction(each)
        if result.warning is not None:
            lines += self._reason(result.warning, "yellow")
        return lines

    def _sure(self, label: Name, kinds: Sequence[Name]) -> list[str]:
        """Return the lines of the sure label and its kinds: beside each other if there is room for that."""
        width = self._widths.label
        names = self._lines.folded(printable(label.label), width)
        lines = [self._lines.styled(name, "bold") for name in names]
        if kinds:
            words = printable(", ".join(kind.label for kind in kinds))
            if not self._folds or cell_len(names[-1]) + len(GAP) + cell_len(words) <= width:
                lines[-1] += GAP + self._lines.styled(words, "dim")
            else:
                lines += self._lines.folded(words, width, "dim")
        return lines

    def _prediction(self, prediction: Prediction) -> list[str]:
        names = self._lines.folded(printable(prediction.label), self._widths.label, "dim")
        return self._line(f"{prediction.score:.1%}", prediction.score, "dim", names)

    def _line(self, score: str, fraction: float, style: str, names: list[str]) -> list[str]:
        """Put a score and its bar to the left of the first of some lines, and indent the others."""
        widths = self._widths
        left = self._lines.styled(score.rjust(SCORE_WIDTH), style) + GAP
        if widths.bar:
            left += self._lines.styled(bar(fraction, widths.bar), "cyan") + GAP
        indent = " " * (widths.rest - widths.label)
        return [left + names[0], *(indent + line for line in names[1:])]
