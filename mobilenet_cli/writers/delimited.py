"""Results as CSV or TSV: a row an image, or a row a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.csv_lines import LineMaker, unique
from mobilenet_cli.records import SCORE_DECIMALS
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.writers.base import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mobilenet_cli.records import Result


def own_columns(layout: Layout) -> tuple[str, ...]:
    """Return the names of the columns that say what a Result is, in order; what it is of comes before them."""
    if layout.long:
        return ("rank", "index", "wnid", "label", "score", "model", "error")
    ranked = (f"{name}_{rank}" for rank in range(1, layout.top_k + 1) for name in ("label", "score"))
    return ("status", *ranked, "error", "model")


def columns(layout: Layout) -> tuple[str, ...]:
    """Return the names of all columns, in order: after those of a table, a name that it has gets a number."""
    before = ("path",) if layout.columns is None else layout.columns
    return (*before, *unique(own_columns(layout), taken=before))


def header(layout: Layout, delimiter: str) -> bytes:
    """Return the line that such a document begins with."""
    return _encoded(LineMaker(delimiter).line(columns(layout)))


class DelimitedWriter:
    r"""Writes CSV as RFC 4180 has it, except that lines end with "\n" alone; UTF-8; with a header.

    The cells of a table are the bytes that they were, valid UTF-8 or not. What a row has of them beyond its
    table's columns comes last, so that all others are below their names.
    """

    def __init__(self, stream: BinaryIO, layout: Layout, *, delimiter: str) -> None:
        self._stream = stream
        self._layout = layout
        self._delimiter = delimiter
        self._maker = LineMaker(delimiter)
        self._begun = not layout.header

    def write(self, result: Result, cells: Sequence[str] = ()) -> None:
        """Write the rows of one Result, after the header if they are the first."""
        if self._layout.columns is None:
            cells, width = [valid_utf8(result.path)], 1
        else:
            width = len(self._layout.columns)
        own = _long_rows(result) if self._layout.long else [_wide_row(result, self._layout.top_k)]
        self._put([*cells[:width], *row, *cells[width:]] for row in own)

    def close(self) -> None:
        """Write the header if nothing was written."""
        if not self._begun:
            self._put([])

    def _put(self, rows: Iterable[Sequence[object]]) -> None:
        begin = b"" if self._begun else header(self._layout, self._delimiter)
        self._begun = True
        self._stream.write(begin + _encoded("".join(map(self._maker.line, rows))))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _wide_row(result: Result, top_k: int) -> list[str]:
    cells = [cell for each in result.predictions for cell in (valid_utf8(each.label), _score(each.score))]
    cells += [""] * (2 * top_k - len(cells))
    return [result.status, *cells, valid_utf8(result.error or ""), valid_utf8(result.model)]


def _long_rows(result: Result) -> list[list[object]]:
    tail = [valid_utf8(result.model), valid_utf8(result.error or "")]
    if not result.predictions:  # failed, or nothing above the threshold: the image keeps a row
        return [["", "", "", "", "", *tail]]
    return [
        [each.rank, each.index, valid_utf8(each.wnid), valid_utf8(each.label), _score(each.score), *tail]
        for each in result.predictions
    ]


def _score(score: float) -> str:
    return f"{score:.{SCORE_DECIMALS}f}"
