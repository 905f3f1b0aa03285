"""Rows of cells ⇄ lines of CSV: what reading and writing such tables have in common."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

LONGEST = 1 << 24
"""Characters of a cell that is still one: where there are more, a quotation mark was never closed."""


class LineMaker:
    r"""Makes lines of CSV as RFC 4180 has it, except that they end with "\n" alone."""

    def __init__(self, delimiter: str) -> None:
        self._text = io.StringIO(newline="")
        # Before Python 3.13 a field with "\r" is quoted only if the line ending has one, and its reader
        # rejects such a field unquoted: so the rows are made with "\r\n", which is taken off again.
        self._csv = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def line(self, row: Sequence[object]) -> str:
        """Return a row as a line."""
        self._csv.writerow(row)
        line = self._text.getvalue().removesuffix("\r\n") + "\n"
        self._text.seek(0)
        self._text.truncate()
        return line


class TableRows:
    """The rows of a table, each a list of its cells, in lines of CSV.

    Args:
        lines: With their endings.
        delimiter: What separates cells.
        strict: Whether quotation marks that a writer of CSV would not have put there are an error.
    """

    def __init__(self, lines: Iterable[str], delimiter: str, *, strict: bool = False) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
        self.ended = False
        """Whether a row has been asked for, or more of one, than there are lines for."""
        self._reader = csv.reader(self._lines(lines), delimiter=delimiter, strict=strict)

    def __iter__(self) -> Iterator[list[str]]:
        """Yield them. Raises csv.Error where a line is none of CSV."""
        return self._reader

    @property
    def line(self) -> int:
        """How many lines have been read."""
        return self._reader.line_num

    def _lines(self, lines: Iterable[str]) -> Iterator[str]:
        yield from lines
        self.ended = True


def unique(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the names, each with _2, _3, … at its end if it is in `taken` or came before."""
    used = set(taken)
    found = []
    for name in names:
        number, free = 1, name
        while free in used:
            number += 1
            free = f"{name}_{number}"
        used.add(free)
        found.append(free)
    return found
