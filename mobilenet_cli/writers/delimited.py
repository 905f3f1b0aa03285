"""Results as CSV or TSV: a row an image, or a row a prediction."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.writers.base import SCORE_DECIMALS, Layout
from mobilenet_cli.writers.text import valid_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mobilenet_cli.records import Result


def columns(layout: Layout) -> tuple[str, ...]:
    """Return the names of the columns that a table of this layout has, in order."""
    if layout.long:
        return ("path", "rank", "index", "wnid", "label", "score", "model", "error")
    ranked = (f"{name}_{rank}" for rank in range(1, layout.top_k + 1) for name in ("label", "score"))
    return ("path", "status", *ranked, "error", "model")


class DelimitedWriter:
    r"""Writes CSV as RFC 4180 has it, except that lines end with "\n" alone; UTF-8; with a header."""

    def __init__(self, stream: BinaryIO, layout: Layout, *, delimiter: str) -> None:
        self._stream = stream
        self._layout = layout
        self._text = io.StringIO(newline="")
        # Before Python 3.13 a field with "\r" is quoted only if the line ending has one, and its reader
        # rejects such a field unquoted: so the rows are made with "\r\n", which _lines takes off again.
        self._csv = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")
        self._begun = not layout.header

    def write(self, result: Result) -> None:
        """Write the rows of one Result, after the header if they are the first."""
        if self._layout.long:
            self._put(_long_rows(result))
        else:
            self._put([_wide_row(result, self._layout.top_k)])

    def close(self) -> None:
        """Write the header if nothing was written."""
        if not self._begun:
            self._put([])

    def _put(self, rows: Iterable[Sequence[object]]) -> None:
        header = [] if self._begun else [columns(self._layout)]
        self._begun = True
        lines = "".join(self._line(row) for row in (*header, *rows))
        self._stream.write(valid_utf8(lines).encode())

    def _line(self, row: Sequence[object]) -> str:
        self._csv.writerow(row)
        line = self._text.getvalue().removesuffix("\r\n") + "\n"
        self._text.seek(0)
        self._text.truncate()
        return line


def _wide_row(result: Result, top_k: int) -> list[str]:
    cells = [cell for each in result.predictions for cell in (each.label, _score(each.score))]
    cells += [""] * (2 * top_k - len(cells))
    return [result.path, result.status, *cells, result.error or "", result.model]


def _long_rows(result: Result) -> list[list[object]]:
    tail = [result.model, result.error or ""]
    if not result.predictions:  # failed, or nothing above the threshold: the image keeps a row
        return [[result.path, "", "", "", "", "", *tail]]
    return [
        [result.path, each.rank, each.index, each.wnid, each.label, _score(each.score), *tail]
        for each in result.predictions
    ]


def _score(score: float) -> str:
    return f"{score:.{SCORE_DECIMALS}f}"
