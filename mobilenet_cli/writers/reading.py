"""Documents that the writers wrote, read back row by row: whole ones, or the beginning that a kill left.

A beginning may end within a row. Such a torn row, which only the last can be, is left out.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from mobilenet_cli.writers.delimited import columns
from mobilenet_cli.writers.json_lines import FIRST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mobilenet_cli.writers.base import Layout


class Row(NamedTuple):
    """Where a document says what about a Result.

    Attributes:
        path: The Result's path, as the document shows it.
        ok: Whether the image was classified.
        predictions: How many predictions there are.
        model: The model's name.
        begin: Offset of its first byte.
        end: Offset after its last byte.
    """

    path: str
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
    del layout  # an object shows whatever predictions its Result has
    for number, line, begin in whole_lines(stream, "JSONL"):
        try:
            record = json.loads(line)
            ok, predictions = record["status"] == "ok", len(record["predictions"])
            yield Row(record["path"], ok, predictions, record["model"], begin, begin + len(line))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"its line {number:,} is damaged ({error})") from error


def whole_lines(stream: BinaryIO, what: str) -> Iterator[tuple[int, bytes, int]]:
    """Yield each line of a document of JSON objects but for a torn last one: its number, itself, where it begins.

    Raises:
        ValueError: A line is no record; the message calls them mnclassify's `what`.
    """
    begin = 0
    for number, line in enumerate(stream, 1):
        if not line.startswith(FIRST_BYTES[: len(line)]):
            raise ValueError(f"its line {number:,} is not one of mnclassify's {what}")
        if not line.endswith(b"\n"):
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
    header = (delimiter.join(columns(layout)) + "\n").encode()
    begins_with = stream.readline(1 << 16)
    if not header.startswith(begins_with):
        found, wanted = (line.decode(errors="replace").strip() for line in (begins_with, header))
        raise ValueError(f"its columns are {found[:200]!r}, not {wanted!r}")
    if begins_with != header:
        return
    records = _records(stream, len(header), delimiter, len(columns(layout)))
    if layout.long:
        yield from _grouped(records, layout.top_k)
    else:
        for fields, begin, end in records:
            scores = fields[3:-2:2]
            yield Row(fields[0], fields[1] == "ok", len(scores) - scores.count(""), fields[-1], begin, end)


def _grouped(records: Iterator[tuple[list[str], int, int]], top_k: int) -> Iterator[Row]:
    """Put the rows of each Result together: path, rank, index, wnid, label, score, model, error."""
    row = None
    for fields, begin, end in records:
        path, rank, model, error = fields[0], fields[1], fields[6], fields[7]
        if row is not None and rank == str(row.predictions + 1) and path == row.path:
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
        self.torn = self.at_end = False

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            self.end += len(line)
            self.torn = not line.endswith(b"\n")
            yield line.decode("utf-8", "surrogateescape")  # a torn line may end within a character
        self.at_end = True


def _records(stream: BinaryIO, begin: int, delimiter: str, width: int) -> Iterator[tuple[list[str], int, int]]:
    """Yield the fields of each whole record, and where it begins and ends, from offset `begin` of the document."""
    lines = _Lines(stream, begin)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            if lines.at_end:  # it ends within quotes
                return
            raise ValueError(f"it is damaged at byte {begin:,} ({error})") from error
        if fields is None or lines.torn:
            return
        if len(fields) != width:
            raise ValueError(f"it has a row of {len(fields)} columns instead of {width}, at byte {begin:,}")
        yield fields, begin, lines.end
        begin = lines.end
