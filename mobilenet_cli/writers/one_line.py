"""Results as a table for people with a line an image, as soon as each is ready.

A line has the path, the score of the sure label with its bar, the label, its kinds, and the other classes that score
at least 5 %; where nothing is sure, it says so and has the best classes. On a terminal, a line ends at its width:
what has no room is left out, the other classes first, then the bar, then the kinds; `-k N` gives them all. The path
and the label are always there, whole: where they do not fit beside each other, the path has a line to itself.

The column of the paths is as wide as the longest path so far, up to half of the line; a longer one moves only its
own line. In a pipe every image has one line, of whatever width.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, BinaryIO

from rich.cells import cell_len

from mobilenet_cli.text import printable
from mobilenet_cli.writers.base import ResultWriter
from mobilenet_cli.writers.lines import GAP, SCORE_WIDTH, UNSURE, UNSURE_SCORE, Lines, bar, bar_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mobilenet_cli.records import Prediction, Result
    from mobilenet_cli.writers.base import Layout

RUNNER_UP = 0.05
"""The lowest score of a class that is shown beside the best."""
_LEFT = SCORE_WIDTH + len(GAP)
_LEAST_REASON = 30
"""Cells beside a path below which a reason goes under it."""


class OneLineWriter(ResultWriter):
    """Writes the table."""

    def __init__(self, stream: BinaryIO, options: Layout, *, begun: bool = False) -> None:
        super().__init__(stream, options, begun=begun)
        self._lines = Lines(stream)
        self._total = self._lines.width if self._lines.fold else sys.maxsize
        self._bar = bar_width(self._lines.width)
        self._file = self._lines.width // 4

    def write(self, record: Result, cells: Sequence[str] = ()) -> None:
        """Write the line of one Result, after the header where it is the first."""
        del cells  # there is no room for them
        path = printable(record.path)
        if cell_len(path) <= self._lines.width // 2:
            self._file = max(self._file, cell_len(path))
        lines = [] if self._begun else self._header()
        self._begun = True
        lines += self._failure(path, record.error or "") if record.status == "error" else self._labelled(path, record)
        if record.warning is not None:
            lines += _indented(self._lines.folded(printable(record.warning), self._total - 2, "yellow"), 2)
        self._stream.write("".join(f"{line.rstrip()}\n" for line in lines).encode())

    def _header(self) -> list[str]:
        score = "Score".rjust(SCORE_WIDTH) + (GAP + " " * self._bar if self._bar else "")
        titles = "File".ljust(self._file) + GAP + score + GAP + "Label"
        return [self._lines.styled(titles, "bold"), self._lines.styled("─" * self._lines.width, "dim")]

    def _failure(self, path: str, reason: str) -> list[str]:
        start, above = self._start(path, _LEAST_REASON)
        return self._beside(path, above, start, self._lines.folded(printable(reason), self._total - start, "red"))

    def _labelled(self, path: str, result: Result) -> list[str]:
        label, others = result.label, list(result.predictions)
        if label is None and not others:
            return self._failure_of_nothing(path)
        if label is not None:
            score, fraction, style, name = f"{label.score:.1%}", label.score, "bold", printable(label.label)
            others = [each for each in others if (each.wnid, each.label) != (label.wnid, label.label)]
            extra = [printable(kind.label) for kind in result.kinds]
        else:
            best = others.pop(0)
            score, fraction, style, name, extra = UNSURE_SCORE, 0.0, "dim", f"{UNSURE}{GAP}{_with_score(best)}", []
        start, above = self._start(path, _LEFT + cell_len(name))
        room = self._total - start - _LEFT
        names = self._lines.folded(name, room, style)
        room -= min(cell_len(name), room)
        # What has room beside the label: kinds, then the bar, then the other classes; each is there or not.
        kinds = _last_that_fit(extra, room - len(GAP))
        room -= cell_len(kinds) + len(GAP) if kinds else 0
        has_bar = bool(self._bar) and room >= self._bar + len(GAP)
        room -= self._bar + len(GAP) if has_bar else 0
        rest = _first_that_fit(others, room - len(GAP))
        left = self._lines.styled(score.rjust(SCORE_WIDTH), style) + GAP
        if has_bar:
            left += self._lines.styled(bar(fraction, self._bar), "cyan") + GAP
        indent = " " * (_LEFT + (self._bar + len(GAP) if has_bar else 0))
        if kinds:
            names[-1] += GAP + self._lines.styled(kinds, "dim")
        if rest:
            names[-1] += self._lines.styled((", " if label is None else GAP) + rest, "dim")
        return self._beside(path, above, start, [left + names[0], *(indent + line for line in names[1:])])

    def _failure_of_nothing(self, path: str) -> list[str]:
        text = "no prediction left"
        start, above = self._start(path, len(text))
        return self._beside(path, above, start, self._lines.folded(text, self._total - start, "dim"))

    def _start(self, path: str, needed: int) -> tuple[int, bool]:
        """Return where the other columns start, for what needs some cells, and whether the path is above them."""
        start = max(self._file, cell_len(path)) + len(GAP)
        if start + needed <= self._total:
            return start, False
        if cell_len(path) + len(GAP) + needed <= self._total:  # the path is short, and what is beside it long
            return cell_len(path) + len(GAP), False
        return min(self._file // 2, 8), True

    def _beside(self, path: str, above: bool, start: int, right: list[str]) -> list[str]:
        if above:
            return [*self._lines.chopped(path, self._total), *_indented(right, start)]
        return [path + " " * (start - cell_len(path)) + right[0], *_indented(right[1:], start)]


def _indented(lines: list[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def _with_score(prediction: Prediction) -> str:
    return f"{printable(prediction.label)} {prediction.score:.0%}"


def _last_that_fit(names: list[str], room: int) -> str:
    """Return the names, joined, or as many of the last of them, the most specific, as have room."""
    return next((text for at in range(len(names)) if cell_len(text := ", ".join(names[at:])) <= room), "")


def _first_that_fit(others: list[Prediction], room: int) -> str:
    """Return the classes that score enough, with their scores, or as many of the first, the best, as have room."""
    names = [_with_score(each) for each in others if each.score >= RUNNER_UP]
    return next((text for at in range(len(names), 0, -1) if cell_len(text := ", ".join(names[:at])) <= room), "")
