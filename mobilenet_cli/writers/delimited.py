"""Results as CSV or TSV: a row an image, or a row a prediction."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.csv_lines import LineMaker, TableRows, unique
from mobilenet_cli.files.earlier_rows import Row
from mobilenet_cli.records import SCORE_DECIMALS, row_key
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.writers.base import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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


def delimited_rows(stream: BinaryIO, layout: Layout, *, delimiter: str) -> Iterator[Row]:
    """Yield the rows of a document of a `DelimitedWriter` with this layout and delimiter.

    In the long layout, the last Result of a document may have been meant to have more rows than are there. It
    is left out unless it has all that it can have.

    Raises:
        ValueError: It is none; the message says why, for a sentence that begins with the file's name.
    """
    wanted = header(layout, delimiter)
    begins_with = stream.read(len(wanted))
    if not wanted.startswith(begins_with):
        stream.seek(0)
        found, *_ = stream.read(1 << 16).splitlines()
        shown = (line.decode(errors="replace").strip() for line in (found[:200], wanted))
        raise ValueError("its columns are {!r}, not {!r}".format(*shown))
    if begins_with != wanted:
        return
    rows = _whole_rows(stream, len(wanted), delimiter, layout)
    if layout.long:
        yield from _grouped(rows, layout.top_k)
        return
    first, end_of_own = len(columns(layout)) - len(own_columns(layout)), len(columns(layout))
    for fields, begin, end in rows:
        own = fields[first:end_of_own]
        key = fields[0] if layout.columns is None else row_key((*fields[:first], *fields[end_of_own:]))
        scores = own[2:-2:2]
        yield Row(key, own[0] == "ok", len(scores) - scores.count(""), own[-1], begin, end)


def _grouped(rows: Iterator[tuple[list[str], int, int]], top_k: int) -> Iterator[Row]:
    """Put the rows of each Result together: path, rank, index, wnid, label, score, model, error."""
    row = None
    for fields, begin, end in rows:
        path, rank, model, error = fields[0], fields[1], fields[6], fields[7]
        if row is not None and rank == str(row.predictions + 1) and path == row.key:
            row = row._replace(predictions=row.predictions + 1, end=end)
            continue
        if rank not in {"", "1"}:
            raise ValueError(f"it has a row of rank {rank} without those before it, at byte {begin:,}")
        if row is not None:
            yield row
        row = Row(path, not error, 1 if rank else 0, model, begin, end)
    if row is not None and (row.predictions == 0 or row.predictions >= top_k):
        yield row


class _Lines:
    """The lines of a stream, decoded, and how far they have been read."""

    def __init__(self, stream: BinaryIO, begin: int) -> None:
        self._stream = stream
        self.end = begin
        self.torn = False

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            self.end += len(line)
            self.torn = not line.endswith(b"\n")
            yield line.decode("utf-8", "surrogateescape")  # a torn line may end within a character


def _whole_rows(stream: BinaryIO, begin: int, delimiter: str, layout: Layout) -> Iterator[tuple[list[str], int, int]]:
    """Yield the cells of each whole row, and where it begins and ends, from offset `begin` of the document."""
    width = len(columns(layout))
    lines = _Lines(stream, begin)
    rows = TableRows(lines, delimiter, strict=True)
    reader = iter(rows)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            if rows.ended:  # it ends within quotes
                return
            raise ValueError(f"it is damaged at byte {begin:,} ({error})") from error
        if fields is None or lines.torn:
            return
        if len(fields) < width or (len(fields) > width and layout.columns is None):
            raise ValueError(f"it has a row of {len(fields)} columns instead of {width}, at byte {begin:,}")
        yield fields, begin, lines.end
        begin = lines.end
