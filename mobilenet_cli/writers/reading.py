"""Documents that the writers wrote, read back row by row: whole ones, or the beginning that a kill left.

A beginning may end within a row. Such a torn row, which only the last can be, is left out.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from mobilenet_cli.csv_lines import TableRows
from mobilenet_cli.records import row_key
from mobilenet_cli.writers.delimited import columns, header, own_columns
from mobilenet_cli.writers.json_lines import FIRST_BYTES, row_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mobilenet_cli.writers.base import Layout


class Row(NamedTuple):
    """Where a document says what about a Result.

    Attributes:
        key: What it is found by: the Result's path, as the document shows it, or the key of a table's row.
        ok: Whether the image was classified.
        predictions: How many predictions there are.
        model: The model's name.
        begin: Offset of its first byte.
        end: Offset after its last byte.
    """

    key: str
    ok: bool
    predictions: int
    model: str
    begin: int
    end: int


def json_lines_rows(stream: BinaryIO, layout: Layout) -> Iterator[Row]:
    """Yield the rows of a document of a `JsonLinesWriter`.

    Raises:
        ValueError: It is none; the message says why, for a sentence that begins with the file's name.
    """
    names = row_names(layout)
    for number, line, begin in whole_lines(stream, "JSONL"):
        try:
            record = json.loads(line)
            key, ok, predictions = record["path"], record["status"] == "ok", len(record["predictions"])
            check_row_names(record, names)
            if names is not None:
                key = row_key((*record["row"].values(), *record.get("row_extra", ())))
            row = Row(key, ok, predictions, record["model"], begin, begin + len(line))
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"its line {number:,} is damaged ({error})") from error
        yield row


def check_row_names(record: dict[str, Any], names: Sequence[str] | None) -> None:
    """Raise a ValueError if an object is not of a row with columns of these names, or of a row at all for None."""
    if "row" not in record:
        if names is not None:
            raise ValueError("its results are not those of a CSV's rows")
    elif names is None:
        raise ValueError("its results are those of a CSV's rows: name that with --from-csv")
    elif list(record["row"]) != list(names):
        found, wanted = (", ".join(each)[:200] for each in (record["row"], names))
        raise ValueError(f"its rows have the columns {found!r}, not {wanted!r}")


def whole_lines(stream: BinaryIO, what: str) -> Iterator[tuple[int, bytes, int]]:
    """Yield each line of a document of JSON objects but for a torn last one: its number, itself, where it begins.

    Raises:
        ValueError: A line is no record; the message calls them mnclassify's `what`.
    """
    begin = 0
    for number, line in enumerate(stream, 1):
        is_torn = not line.endswith(b"\n")
        if is_torn and begin:  # whatever is in it: after a power cut that may be NULs
            return
        if not line.startswith(FIRST_BYTES[: len(line)]):
            raise ValueError(f"its line {number:,} is not one of mnclassify's {what}")
        if is_torn:
            return
        yield number, line, begin
        begin += len(line)


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
