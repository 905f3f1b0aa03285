"""A CSV whose rows name images → Sources: one per row, in order, as the rows arrive, in constant memory."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from mobilenet_cli.csv_lines import LONGEST, TableRows
from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.cells import data_of, existing, is_data
from mobilenet_cli.inputs.credentials import hidden
from mobilenet_cli.inputs.encodings import HEAD, Decoder
from mobilenet_cli.inputs.lists import can_be_read_twice
from mobilenet_cli.inputs.stdin import named, opened, read_some
from mobilenet_cli.inputs.walk import file_source
from mobilenet_cli.records import RowSource
from mobilenet_cli.remote.urls import is_url, without_credentials
from mobilenet_cli.text import printable

USUAL_COLUMNS = (("path", "file", "filename", "file_name", "image", "image_path"), ("filepath", "img"), ("url",))
"""The names, in any case, that identify a column of images where none is given: later ones only if no earlier one is
there."""
DELIMITERS = ",;\t|"
_GIVE_COLUMN = "Give it with --column"
_CHUNK = 1 << 16
_LONGEST_HEADER = 1 << 20
_SEPARATOR = re.compile(r'"?sep=([^"\r\n])\1*"?[\r\n]*', re.IGNORECASE)
"""A first line by which Excel is given the delimiter."""


class CsvTable:
    r"""The table in a CSV file with a header.

    Quotation marks within quotes are doubled; quoted cells may contain newlines; lines end with "\n", "\r\n" or
    "\r". The encoding is given or found (`encodings.Decoder`). Blank lines are skipped, and so is a first line
    `sep=;`. A row with too few cells is filled up with empty ones.

    Attributes:
        columns: The names in the header.
        column: The name of the column of images.
        line: The line, from 1, in which the latest row begins.
    """

    def __init__(
        self,
        file: str,
        *,
        column: str | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        advice: str = _GIVE_COLUMN,
    ) -> None:
        """Open the file and read its header.

        Args:
            file: A path, or "-" for standard input.
            column: The column of images; None for the only column whose name is one of the `USUAL_COLUMNS`.
            delimiter: The character between cells; None for that of a line `sep=;`, or the one of the `DELIMITERS`
                that fits the header best.
            encoding: The name of the encoding; None to find it.
            advice: How to fix it, for the error where no column or several columns have a usual name.

        Raises:
            InputError: The file cannot be read, is not a CSV, or has no such column.
        """
        self._name = named(file)
        # Paths from a pipe or standard input, which are in no folder, are relative to the current folder.
        self._folder = os.path.dirname(file) if can_be_read_twice(file) else ""  # noqa: PTH120 - see walk
        self._decoder = Decoder(self._name, encoding)
        given, lines = _separator(_lines(file, self._decoder))
        self._skipped = given is not None
        header, delimiter, lines = _header(lines, column, delimiter or given)
        if not header:
            raise InputError(f"{self._name} is empty, or no CSV: it has no header")
        if any("\0" in name for name in header):
            raise InputError(f"{self._name} is no CSV: save it as one first")
        self.columns = tuple(header)
        self.column = _column(self._name, header, column, advice)
        self._place = header.index(self.column)
        self._rows = TableRows(lines, delimiter)
        self.line = 1 + self._skipped

    @property
    def note(self) -> str | None:
        """A sentence for the user if the encoding was guessed, so far as the table has been read; else None."""
        encoding = self._decoder.encoding
        return f"{self._name} is read as {encoding}; --encoding gives another" if self._decoder.is_guess else None

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the cells of each row: as many as there are columns, or more if the row has more.

        The rows can be read once.

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
                self.line = self._rows.line + 1 + self._skipped
        except csv.Error as error:
            raise InputError(
                f"{self._name} cannot be read at line {self._rows.line + self._skipped:,}: {error}"
            ) from error

    def sources(self) -> Iterator[RowSource]:
        """Yield a Source for each of the `rows`, which it reads."""
        return map(self._shown, map(self._source, self.rows()))

    def path(self, cells: Sequence[str]) -> str:
        """Return the path or URL in a row. Relative paths are relative to the CSV's folder.

        Where no such file exists, one whose path is written with slashes for backslashes, or with accents encoded
        otherwise, is taken.
        """
        cell = cells[self._place]
        if not cell or is_url(cell) or is_data(cell):
            return cell
        return existing(self._folder, cell, self._decoder.encoding or "utf-8")

    def fault(self, cells: Sequence[str]) -> str | None:
        """Return why a row names no image; None if it names one, whether or not the image exists."""
        if len(cells) > len(self.columns):  # the cells may have shifted into other columns
            return f"the row has {len(cells)} cells for {len(self.columns)} columns"
        if not cells[self._place].strip():
            return f"the cell in column {printable(self.column)} is empty"
        return None

    @staticmethod
    def _shown(source: RowSource) -> RowSource:
        """Return a row's Source without the user and password of its URL, which its cells are written without too."""
        shown = hidden(source)
        return shown if shown is source else replace(shown, cells=tuple(map(without_credentials, source.cells)))

    def _source(self, cells: tuple[str, ...]) -> RowSource:
        if is_data(cell := cells[self._place]):
            image = data_of(cell)
            return RowSource(image.path, image.data, self.fault(cells) or image.error, cells)
        path = self.path(cells)
        error = self.fault(cells)
        if error is None and not is_url(path):
            source = file_source(path)
            error = "a folder, not an image" if source is None else source.error
        return RowSource(path, error=error, cells=cells)


def _lines(file: str, decoder: Decoder) -> Iterator[str]:
    """Yield the lines with their endings, each as soon as it arrives."""
    # Holds a "\r" back until it knows whether a "\n" follows.
    endings = io.IncrementalNewlineDecoder(None, translate=False)
    size = HEAD if can_be_read_twice(file) else _CHUNK  # a pipe is not waited for
    pieces: list[str] = []
    length = 0
    at_end = False
    with opened(file, "the table") as stream:
        while not at_end:
            chunk, size = read_some(stream, size), _CHUNK
            at_end = not chunk
            text = decoder.decode(chunk, final=at_end)
            for piece in io.StringIO(endings.decode(text, final=at_end), newline=""):
                pieces.append(piece)
                length += len(piece)
                if piece.endswith(("\n", "\r")):
                    yield "".join(pieces)
                    pieces, length = [], 0
                elif length > LONGEST:
                    raise InputError(f"{named(file)} is no CSV: it has a line of more than {LONGEST:,} characters")
    if pieces:
        yield "".join(pieces)


def _separator(lines: Iterator[str]) -> tuple[str | None, Iterator[str]]:
    """Return the delimiter of a first line `sep=;` and the lines behind it; without one, None and all lines."""
    first = next(lines, None)
    if first is None:
        return None, lines
    match = _SEPARATOR.fullmatch(first)
    return (None, chain([first], lines)) if match is None else (match[1], lines)


def _header(lines: Iterator[str], column: str | None, delimiter: str | None) -> tuple[list[str], str, Iterator[str]]:
    """Return the cells of the first row that is not blank, the delimiter, and all of the lines, the header's too."""
    seen: list[str] = []

    def from_the_start() -> Iterator[str]:
        yield from tuple(seen)
        while sum(map(len, seen)) < _LONGEST_HEADER and (line := next(lines, None)) is not None:
            seen.append(line)
            yield line

    def read(candidate: str) -> list[str]:
        rows = TableRows(from_the_start(), candidate)
        try:
            cells = next(filter(None, rows), [])
        except csv.Error:
            return []
        return [] if rows.ended else cells  # ended: the header would end within quotation marks

    def plausibility(candidate: str) -> tuple[bool, bool, int]:
        cells = read(candidate)
        has_column = column in cells if column is not None else bool(usual_column(cells))
        # Where quotes end before something other than the delimiter, a quotation mark is left in the cell.
        return has_column, not any('"' in cell for cell in cells), len(cells)

    chosen = delimiter or max(DELIMITERS, key=plausibility)
    return read(chosen), chosen, chain(seen, lines)


def _column(file: str, columns: Sequence[str], wanted: str | None, advice: str) -> str:
    found = usual_column(columns) if wanted is None else [name for name in columns if name == wanted]
    if len(found) == 1:
        return found[0]
    names = ", ".join(repr(printable(name)) for name in columns)
    if wanted is None:
        raise InputError(f"which column of {file} names the images? {advice}; they are {names}")
    if found:
        raise InputError(f"{file} has {len(found)} columns {printable(wanted)!r}: rename the others; they are {names}")
    raise InputError(f"{file} has no column {printable(wanted)!r}; its columns are {names}")


def usual_column(columns: Sequence[str]) -> list[str]:
    """Return those of the columns that have the first of the usual names that any has."""
    for usual in USUAL_COLUMNS:
        if found := [name for name in columns if name.strip().lower() in usual]:
            return found
    return []
