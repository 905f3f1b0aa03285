"""Results as a table for people: the file, beside it its names, a line each, as soon as they are ready.

First comes the sure label, with its kinds after it, or "not sure"; then the predictions. Where the sure label is the
best prediction, one line is enough for both.

The widths of the columns are fixed before the first Result is known, from the width of the terminal. On a
terminal, long names fold within their column; elsewhere every name, reason and label stays on one line, so
that `grep` finds it, and a name too long for its column has a line to itself. Nothing is ever cut off.

The lines are put together here and not by `rich.table.Table`, which takes longer for an image (2.7 ms) than
classifying it does; rich measures and folds text, and chooses the terminal's colours.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, BinaryIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from mobilenet_cli.text import printable
from mobilenet_cli.writers.base import ResultWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mobilenet_cli.records import Name, Prediction, Result
    from mobilenet_cli.writers.base import Layout

GAP = "  "
SCORE_WIDTH = len("100.0%")
LABEL_WIDTH = len("American Staffordshire terrier")  # the longest of ImageNet's
EIGHTHS = " ▏▎▍▌▋▊▉█"
UNSURE, UNSURE_SCORE = "not sure", "–"
NARROWEST = 20
"""Columns below which folding would leave nothing to read; the terminal wraps the lines instead."""


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
    bar = min((total - 56) // 4, 20) if total >= 72 else 0
    room = total - SCORE_WIDTH - 2 * len(GAP) - (bar + len(GAP) if bar else 0)
    label = min(LABEL_WIDTH, room // 2)
    return Widths(file=min(room - label, 80), bar=bar, label=label)


class TableWriter(ResultWriter):
    """Writes the table, in colour on a terminal that has colours (rich heeds NO_COLOR, TERM, FORCE_COLOR)."""

    def __init__(self, stream: BinaryIO, options: Layout, *, begun: bool = False) -> None:
        super().__init__(stream, options, begun=begun)
        self._folds = stream.isatty()
        self._widths = widths_for(_line_width(stream))
        self._spaced = options.top_k > 1
        self._console = Console(
            file=io.StringIO(), force_terminal=True if self._folds else None, width=self._widths.rest
        )
        self._codes = {style: self._codes_of(style) for style in ("bold", "dim", "cyan", "red", "yellow")}

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
        return [self._styled(titles, "bold"), self._styled(rule, "dim")]

    def _beside(self, path: str, right: list[str]) -> list[str]:
        """Put the path to the left of the lines of the other columns."""
        width = self._widths.file
        if cell_len(path) <= width:
            left = [path]
        elif self._folds:
            left = chop_cells(path, width)
        else:
            left, right = [path], ["", *right]
        pairs = zip_longest(left, right, fillvalue="")
        return [name + " " * (width - cell_len(name)) + GAP + other for name, other in pairs]

    def _reason(self, reason: str | None, style: str) -> list[str]:
        return [self._styled(line, style) for line in self._folded(printable(reason or ""), self._widths.rest)]

    def _names(self, result: Result) -> list[str]:
        label, predictions = result.label, result.predictions
        if label is None and not predictions:
            lines = [self._styled("no prediction left", "dim")]
        elif label is None:
            unsure = [self._styled(line, "dim") for line in self._folded(UNSURE, self._widths.label)]
            lines = self._line(UNSURE_SCORE, 0.0, "dim", unsure)
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
        names = self._folded(printable(label.label), width)
        lines = [self._styled(name, "bold") for name in names]
        if kinds:
            words = printable(", ".join(kind.label for kind in kinds))
            if not self._folds or cell_len(names[-1]) + len(GAP) + cell_len(words) <= width:
                lines[-1] += GAP + self._styled(words, "dim")
            else:
                lines += [self._styled(line, "dim") for line in self._folded(words, width)]
        return lines

    def _prediction(self, prediction: Prediction) -> list[str]:
        names = [self._styled(line, "dim") for line in self._folded(printable(prediction.label), self._widths.label)]
        return self._line(f"{prediction.score:.1%}", prediction.score, "dim", names)

    def _line(self, score: str, fraction: float, style: str, names: list[str]) -> list[str]:
        """Put a score and its bar to the left of the first of some lines, and indent the others."""
        widths = self._widths
        left = self._styled(score.rjust(SCORE_WIDTH), style) + GAP
        if widths.bar:
            left += self._styled(_bar(fraction, widths.bar), "cyan") + GAP
        indent = " " * (widths.rest - widths.label)
        return [left + names[0], *(indent + line for line in names[1:])]

    def _folded(self, text: str, width: int) -> list[str]:
        if not self._folds or cell_len(text) <= width:
            return [text]
        return [line.plain.rstrip() for line in Text(text).wrap(self._console, width)]

    def _styled(self, text: str, style: str) -> str:
        before, after = self._codes[style]
        return f"{before}{text}{after}"

    def _codes_of(self, style: str) -> tuple[str, str]:
        """Return what rich writes before and after text of this style: "" where it writes plain text."""
        with self._console.capture() as written:
            self._console.print(Text("X", style), end="")
        before, _, after = written.get().partition("X")
        return before, after


def _line_width(stream: BinaryIO) -> int:
    if (columns := os.environ.get("COLUMNS", "")).isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:  # not a terminal, or not even a file
        return 80


def _bar(fraction: float, width: int) -> str:
    full, eighths = divmod(round(fraction * width * 8), 8)
    return (EIGHTHS[-1] * full + EIGHTHS[eighths][:eighths]).ljust(width)
