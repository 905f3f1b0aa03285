"""An earlier run's rows and the order of the sources: each finished row is kept, and the other sources are done.

The rows that are there stay in FILE.part while new ones are appended; so FILE.part holds all that was ever
finished at any moment. Only at the end are the rows put in the order of the sources, in a copy that replaces
FILE.part in one step. It is made only if they are in another order, as where failed images were tried again.
So the file that comes of it is the one that an uninterrupted run would have written.

A row belongs to a source if it shows the source's path, or all cells of the table's row that names the image;
a source that comes twice has two rows. In memory are 64-bit hashes of the paths or cells (among a million, the
odds that any two are taken for each other are below one in ten million) and where the rows are: about 34 bytes a
row, 55 while they are sorted, and 8 a source.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from mobilenet_cli.files.earlier_rows import EarlierRows
from mobilenet_cli.files.earlier_run import EarlierRun
from mobilenet_cli.files.format import Row
from mobilenet_cli.records import Source
from mobilenet_cli.text import valid_utf8

if TYPE_CHECKING:
    from mobilenet_cli.files.part_file import PartFile

_NO_ROW = -1


class InterruptedRun(EarlierRun):
    """An earlier run that left rows in FILE.part or FILE."""

    def __init__(self, stream: PartFile, rows: Iterable[Row], *, keeps_others: bool) -> None:
        """Note the rows.

        Args:
            stream: The file that new rows are appended to.
            rows: The rows that are there, in their order. Whatever iterating raises is raised.
            keeps_others: Whether rows stay whose images are not among the sources: all finished and failed rows
                of images. If not, the keys of rows need not be paths.
        """
        self._stream = stream
        self._keeps_others = keeps_others
        self._rows = EarlierRows()
        self._first = self.end = 0
        for row in rows:
            self._first = self._first if self.end else row.begin
            self.end = row.end
            if row.ok or not keeps_others or not _stands_for_others(row.key):
                self._rows.add(row._replace(key=valid_utf8(row.key)))
        self._rows.sort()
        self.kept = self._rows.finished
        # Of each source so far, the number of its finished row, or _NO_ROW.
        self._sources = array("q")
        # Of each source without one whose record has ended, the end of the document after it.
        self._record_ends = array("Q")

    @property
    def others(self) -> int:
        """How many of its rows, finished or failed, are of none of the sources so far."""
        return sum(1 for _ in self._rows.staying())

    @property
    def has_rows(self) -> bool:
        """Whether the document has rows already, and with them its header."""
        return self.end > 0

    def __contains__(self, key: object) -> bool:
        """Return whether it left a finished row of the source of this key."""
        return isinstance(key, str) and valid_utf8(key) in self._rows

    def wants(self, source: Source) -> bool:
        """Return whether the next source has no finished row; one whose row failed is tried again."""
        row = self._rows.take(valid_utf8(source.key))
        self._sources.append(_NO_ROW if row is None else row)
        self.found += row is not None
        return row is None

    def finished_row(self) -> bytes:
        """Return a document with the finished row of the source that `wants` has just said no to, and no other."""
        begin, end = self._rows.place(self._sources[-1])
        descriptor = self._stream.fileno()
        return os.pread(descriptor, self._first, 0) + os.pread(descriptor, end - begin, begin)

    def end_record(self) -> None:
        """Note that the next source that `wants` said yes to now has its row, or gets none."""
        self._record_ends.append(self._stream.tell())

    def put_in_order(self) -> None:
        """Put all rows in the order of the sources, after those of images that are no longer among them, if kept.

        Raises:
            OutputError: There is no room for the copy; the rows are still there.
        """
        size = self._stream.tell()
        if list(islice(_joined(self._pieces(size)), 2)) != [(0, size)]:
            self._stream.replace_with(self._stream.fileno(), _joined(self._pieces(size)))

    def _pieces(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield where the rows are, in the order in which they belong, in a document of this many bytes."""
        yield 0, self._first
        if self._keeps_others:
            yield from self._rows.staying()
        record_ends = iter(self._record_ends)
        begin = self.end
        for row in self._sources:
            if row == _NO_ROW:
                end = next(record_ends)
                yield begin, end
                begin = end
            else:
                yield self._rows.place(row)
        yield begin, size


def _stands_for_others(path: str) -> bool:
    """Return whether a failed row is of a folder, an archive or a pattern: its images have rows of their own by now."""
    # Imported here since most runs that are resumed have no failed row.
    from mobilenet_cli.inputs.archives import is_archive
    from mobilenet_cli.inputs.patterns import is_pattern
    from mobilenet_cli.remote.urls import is_url

    if is_archive(path):
        return True
    if is_url(path):
        from mobilenet_cli.inputs.remote_listing import must_be_listed

        return must_be_listed(path)
    return os.path.isdir(path) or (is_pattern(path) and not os.path.lexists(path))  # noqa: PTH112 - see globs


def _joined(pieces: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join pieces of a file that follow one another, and leave out empty ones."""
    begin = end = 0
    for piece in pieces:
        if piece[0] == end:
            end = piece[1]
        elif piece[0] < piece[1]:
            if begin < end:
                yield begin, end
            begin, end = piece
    if begin < end:
        yield begin, end
