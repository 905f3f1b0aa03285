"""Rows of cells ⇄ lines of CSV: the parts that reading and writing such tables share.

A spreadsheet computes a cell that begins with =, +, - or @, even within quotation marks, and what a formula can do
there includes sending other cells to a server (OWASP, "CSV Injection"). A name in a folder of strangers' images can be
such a cell. `as_text` puts an apostrophe before it, as spreadsheets themselves write "this is text".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

LONGEST = 1 << 24
"""The most characters that a cell may have: where there are more, a quotation mark was never closed."""


# Excel also takes the wide forms of these characters, and skips control characters before them. A cell that begins
# with apostrophes before such a character gets one more, so that `as_written` has one answer.
_FORMULA = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20\\x00-\\x1f]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)


def as_text(cell: str) -> str:
    """Return a cell with an apostrophe before it if a spreadsheet would compute it. Numbers stay as they are."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def as_written(cell: str) -> str:
    """Return the cell that `as_text` was given, of the one that it returned."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class LineMaker:
    r"""Makes lines of CSV as RFC 4180 has it, except that they end with "\n" alone.

    Args:
        delimiter: The character between cells.
        safe: Whether cells that a spreadsheet would compute are written `as_text`.
    """

    def __init__(self, delimiter: str, *, safe: bool = False) -> None:
        self._safe = safe
        self._text = io.StringIO(newline="")
        # Before Python 3.13 a field with "\r" is quoted only if the line ending has one, and its reader
        # rejects such a field unquoted: so the rows are made with "\r\n", which is taken off again.
        self._csv = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def line(self, row: Sequence[object]) -> str:
        """Return a row as a line."""
        self._csv.writerow([as_text(str(cell)) for cell in row] if self._safe else row)
        line = self._text.getvalue().removesuffix("\r\n") + "\n"
        self._text.seek(0)
        self._text.truncate()
        return line


class TableRows:
    """The rows of a table, each a list of its cells, read from lines of CSV.

    Args:
        lines: With their endings.
        delimiter: The character between cells.
        strict: Whether quotation marks that a writer of CSV would not have put there are an error.
    """

    def __init__(self, lines: Iterable[str], delimiter: str, *, strict: bool = False) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
        self.ended = False
        """Whether a row has been asked for, or more of one, than there are lines for."""
        self._reader = csv.reader(self._lines(lines), delimiter=delimiter, strict=strict)

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the rows. Raises csv.Error at a line that is not CSV."""
        return self._reader

    @property
    def line(self) -> int:
        """How many lines have been read."""
        return self._reader.line_num

    def _lines(self, lines: Iterable[str]) -> Iterator[str]:
        yield from lines
        self.ended = True


class LocatedRow(NamedTuple):
    """A row of a table.

    Attributes:
        cells: Its cells; bytes that are not UTF-8 are lone surrogates.
        begin: Offset of its first byte.
        end: Offset after its last byte.
    """

    cells: list[str]
    begin: int
    end: int


def whole_rows(stream: Iterable[bytes], delimiter: str, *, begin: int) -> Iterator[LocatedRow]:
    """Yield the rows of a stream of CSV, without a torn last one, which may end within a cell or a character.

    Args:
        stream: Its lines from offset `begin` on.
        delimiter: The character between cells.
        begin: Where the first row begins.

    Raises:
        ValueError: It is damaged; the message follows the file's name and a colon.
    """
    lines = _DecodedLines(stream, begin)
    rows = TableRows(lines, delimiter, strict=True)
    reader = iter(rows)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if rows.ended:  # within quotation marks
                return
            raise ValueError(f"it is damaged at byte {begin:,} ({error})") from error
        if cells is None or lines.torn:
            return
        yield LocatedRow(cells, begin, lines.end)
        begin = lines.end


class _DecodedLines:
    """The lines of a stream, decoded, and how far they have been read."""

    def __init__(self, stream: Iterable[bytes], begin: int) -> None:
        self._stream = stream
        self.end = begin
        self.torn = False

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            self.end += len(line)
            self.torn = not line.endswith(b"\n")
            yield line.decode("utf-8", "surrogateescape")  # a torn line may end within a character


def unique(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the names, each with _2, _3, … at its end if it is in `taken` or came before.

    A name that is made so is none of the others: where "label" is taken, "label" and "label_2" are "label_3" and
    "label_2".
    """
    names, used = list(names), set(taken)
    wanted, found = set(names), []
    for name in names:
        number, free = 1, name
        while free in used or (number > 1 and free in wanted):
            number += 1
            free = f"{name}_{number}"
        used.add(free)
        found.append(free)
    return found
