"""A CSV whose rows name images → Sources: one a row, in order, in constant memory, as they come."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator, Sequence
from itertools import chain

from mobilenet_cli.csv_lines import LONGEST, TableRows
from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.lists import can_be_read_twice
from mobilenet_cli.inputs.stdin import named, opened, read_some
from mobilenet_cli.inputs.walk import file_source
from mobilenet_cli.records import RowSource
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

USUAL_COLUMNS = ("path", "file", "filename", "file_name", "image", "image_path")
"""What a column of images may be called to be found without being named, in any case."""
DELIMITERS = ",;\t|"
_GIVE_COLUMN = "Give it with --column"
_CHUNK = 1 << 16
_LONGEST_HEADER = 1 << 20
_UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")  # its byte order marks, as UTF-8 has them with surrogateescape


class CsvTable:
    r"""The table in a CSV file with a header.

    Quotation marks within quotes are doubled; quoted cells may have newlines; lines end with "\n", "\r\n" or
    "\r"; a UTF-8 byte order mark is no part of the first name; bytes that are not UTF-8 are kept
    (surrogateescape). Blank lines are no rows. A row with too few cells has empty ones for the others.

    Attributes:
        columns: The names in the header.
        column: Which of them is that of the images.
        line: The number, from 1, of the line that the row which was read last begins in.
    """

    def __init__(
        self, file: str, *, column: str | None = None, delimiter: str | None = None, advice: str = _GIVE_COLUMN
    ) -> None:
        """Open the file and read its header.

        Args:
            file: Its name, or "-" for standard input.
            column: The column of the images; None for the only one that has one of the `USUAL_COLUMNS`.
            delimiter: What separates its cells; None for that one of the `DELIMITERS` that its header has.
            advice: What an error says to do where no column, or several, have a usual name.

        Raises:
            InputError: It cannot be read, is no CSV, or has no such column.
        """
        self._name = named(file)
        # A pipe, like standard input, is in no folder: paths in it are relative to the current one.
        self._folder = os.path.dirname(file) if can_be_read_twice(file) else ""  # noqa: PTH120 - see walk
        lines = _lines(file)
        begin: list[str] = []
        header, self._delimiter = _header(lines, begin, column, delimiter)
        if not header:
            raise InputError(f"{self._name} is empty, or no CSV: it has no header")
        if header[0].startswith(_UTF_16) or any("\0" in name for name in header):
            raise InputError(f"{self._name} is no CSV in UTF-8: save it as one first")
        self.columns = tuple(header)
        self.column = _column(self._name, header, column, advice)
        self._place = header.index(self.column)
        self._rows = TableRows(chain(begin, lines), self._delimiter)
        self.line = 1

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the cells of each row, once: as many as there are columns, or more where the row has more.

        Raises:
            InputError: A row cannot be read.
        """
        width = len(self.columns)
        header_was_read = False
        try:
            for cells in self._rows:
                if self._rows.ended:
                    raise InputError(
                        f"{self._name} ends within quotation marks: those that open in the row of line "
                        f"{self.line:,} are not closed"
                    )
                if cells and header_was_read:
                    yield (*cells, *[""] * (width - len(cells)))
                header_was_read = header_was_read or bool(cells)
                self.line = self._rows.line + 1
        except csv.Error as error:
            raise InputError(f"{self._name} cannot be read at line {self._rows.line:,}: {error}") from error

    def sources(self) -> Iterator[RowSource]:
        """Yield the Source of each row, once. Raises as `rows` does."""
        return map(self._source, self.rows())

    def path(self, cells: Sequence[str]) -> str:
        """Return the path or URL in a row: a path that is relative begins in the CSV's folder."""
        cell = cells[self._place]
        return cell if not cell or is_url(cell) else os.path.join(self._folder, cell)  # noqa: PTH118 - see walk

    def fault(self, cells: Sequence[str]) -> str | None:
        """Say why a row names no image; None where it names one, whether that is there or not."""
        if len(cells) > len(self.columns):  # its cells may have moved: this one may be another column's
            return f"the row has {len(cells)} cells for {len(self.columns)} columns"
        if not cells[self._place].strip():
            return f"the cell in column {printable(self.column)} is empty"
        return None

    def _source(self, cells: tuple[str, ...]) -> RowSource:
        path = self.path(cells)
        error = self.fault(cells)
        if error is None and not is_url(path):
            source = file_source(path)
            error = "a folder, not an image" if source is None else source.error
        return RowSource(path, error=error, cells=cells)


def _lines(file: str) -> Iterator[str]:
    """Yield the lines with their endings, each as soon as it has been written there."""
    # It keeps "\r" back until it is known whether "\n" follows.
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")("surrogateescape"), False)
    pieces: list[str] = []
    length = 0
    at_end = False
    with opened(file, "the table") as stream:
        while not at_end:
            chunk = read_some(stream, _CHUNK)
            at_end = not chunk
            for piece in io.StringIO(decoder.decode(chunk, final=at_end), newline=""):
                pieces.append(piece)
                length += len(piece)
                if piece.endswith(("\n", "\r")):
                    yield "".join(pieces)
                    pieces, length = [], 0
                elif length > LONGEST:
                    raise InputError(f"{named(file)} is no CSV: it has a line of more than {LONGEST:,} characters")
    if pieces:
        yield "".join(pieces)


def _header(lines: Iterator[str], begin: list[str], column: str | None, delimiter: str | None) -> tuple[list[str], str]:
    """Return the cells of the first row that has some, and the delimiter; put the lines that this took to `begin`."""

    def replayed() -> Iterator[str]:
        yield from tuple(begin)
        while sum(map(len, begin)) < _LONGEST_HEADER and (line := next(lines, None)) is not None:
            begin.append(line)
            yield line

    def read(each: str) -> list[str]:
        rows = TableRows(replayed(), each)
        try:
            cells = next(filter(None, rows), [])
        except csv.Error:
            return []
        return [] if rows.ended else cells  # it would end within quotation marks

    def plausibility(each: str) -> tuple[bool, bool, int]:
        cells = read(each)
        has_column = column in cells if column is not None else any(_is_usual(name) for name in cells)
        # A quotation mark is left where quotes end before what is no delimiter.
        return has_column, not any('"' in cell for cell in cells), len(cells)

    chosen = delimiter or max(DELIMITERS, key=plausibility)
    return read(chosen), chosen


def _column(file: str, columns: Sequence[str], wanted: str | None, advice: str) -> str:
    found = [name for name in columns if (_is_usual(name) if wanted is None else name == wanted)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(repr(printable(name)) for name in columns)
    if wanted is None:
        raise InputError(f"which column of {file} names the images? {advice}; they are {names}")
    if found:
        raise InputError(f"{file} has {len(found)} columns {printable(wanted)!r}: rename the others; they are {names}")
    raise InputError(f"{file} has no column {printable(wanted)!r}; its columns are {names}")


def _is_usual(name: str) -> bool:
    return name.strip().lower() in USUAL_COLUMNS
