"""Going on where an interrupted run stopped: each finished row is kept, and each other source classified.

The rows that are there stay in FILE.part while the new ones are appended; so at any moment FILE.part holds all that
was ever finished. Only at the end are the rows put in the order of the sources, in a copy that replaces
FILE.part in one step. It is made only if they are in another order, as where failed images were tried again.
So the file that comes of it is the one that an uninterrupted run would have written.

A row belongs to a source if it shows the source's path, or all cells of the table's row that names the image;
what comes twice has two rows. In memory are 64-bit hashes of the paths or cells (among a million, the odds that
any two are taken for each other are below one in ten million) and where the rows are: about 34 bytes a row, 55
while they are sorted, and 8 a source.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.files.earlier_rows import EarlierRows, Row
from mobilenet_cli.inputs.globs import is_pattern
from mobilenet_cli.inputs.remote_listing import must_be_listed
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable, valid_utf8
from mobilenet_cli.writers import FORMATS, Format, Layout

if TYPE_CHECKING:
    from mobilenet_cli.files.part_file import PartFile

_TO_CLASSIFY = -1

_Record = TypeVar("_Record")


def check_resumable(chosen: Format) -> None:
    """Raise an InputError if an unfinished file of this format cannot be gone on with."""
    if chosen.read is None:
        able = ", ".join(each.name for each in FORMATS.values() if each.read is not None)
        raise InputError(f"--resume goes with a file of the formats {able}, not with {chosen.name}")


class RowsResumption:
    """What an earlier run has finished, and the order in which that and the new rows belong.

    Used in this order: sources pass through `pending` on their way to the network, records through `followed`
    on their way to the writer; when the writer is closed, `put_in_order`.
    """

    def __init__(
        self, stream: PartFile, read: Callable[[BinaryIO], Iterable[Row]], *, keeps_others: bool = True
    ) -> None:
        """Read what is there, drop a torn last row, and leave `stream` at the end of the others.

        Args:
            stream: Opened with `resume`.
            read: Yields the rows of a document but for a torn last one; raises a ValueError if they were made
                with other options or another model, or are damaged, whose message begins with "its" or "it".
            keeps_others: Whether rows stay, first, that are of none of the sources: all that are of images, those
                that failed too. Otherwise the keys of rows are no paths.

        Raises:
            OutputError: `read` raised a ValueError, or the file cannot be read or written.
        """
        self._stream = stream
        self._keeps_others = keeps_others
        self._rows = EarlierRows()
        self._head = self._end = 0
        with stream.earlier() as earlier:
            try:
                for row in read(earlier):
                    self._head = self._head if self._end else row.begin
                    self._end = row.end
                    if row.ok or not keeps_others or not _stands_for_others(row.key):
                        self._rows.add(valid_utf8(row.key), row.begin, row.end, ok=row.ok)
            except ValueError as error:
                raise OutputError(
                    f"cannot go on with {printable(earlier.name)}: {error}. "
                    "Give the options of the run that wrote it, or --overwrite to start anew."
                ) from error
            stream.go_on(earlier, self._end)
        self._rows.sort()
        # For each source so far the number of its finished row, or _TO_CLASSIFY.
        self._sources = array("q")
        # For each new result so far where the file ended after it.
        self._results = array("Q")
        self.found = 0
        """How many sources had a finished row so far."""

    @property
    def rows(self) -> int:
        """How many finished rows there are."""
        return self._rows.finished

    @property
    def others(self) -> int:
        """How many rows, finished or failed, are of none of the sources so far."""
        return sum(1 for _ in self._rows.untaken())

    def __contains__(self, key: object) -> bool:
        """Tell whether a source of this key has a finished row."""
        return isinstance(key, str) and valid_utf8(key) in self._rows

    @property
    def has_header(self) -> bool:
        """Whether the file begins with what comes before the first row."""
        return self._end > 0

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources that have no finished row: those whose row failed are tried again."""
        for source in sources:
            row = self._rows.take(valid_utf8(source.key))
            self._sources.append(_TO_CLASSIFY if row is None else row)
            if row is None:
                yield source
            else:
                self.found += 1

    def followed(self, results: Iterable[_Record]) -> Iterator[_Record]:
        """Yield the results, one for each source that `pending` yielded, each to be written (or not) at once."""
        for result in results:
            yield result
            self._results.append(self._stream.tell())

    def put_in_order(self) -> None:
        """Put the rows in the order of the sources, after those of images that are no longer among them, if kept.

        Raises:
            OutputError: There is no room for the copy.
        """
        size = self._stream.tell()
        if list(islice(_joined(self._pieces(size)), 2)) != [(0, size)]:
            self._stream.replace_with(self._stream.fileno(), _joined(self._pieces(size)))

    def _pieces(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield where the rows are, in the order in which they belong."""
        yield 0, self._head
        if self._keeps_others:
            yield from self._rows.untaken()
        results = iter(self._results)
        begin = self._end
        for row in self._sources:
            if row == _TO_CLASSIFY:
                end = next(results)
                yield begin, end
                begin = end
            else:
                yield self._rows.place(row)
        yield begin, size


@dataclass(frozen=True, slots=True)
class Expected:
    """What the finished rows of a classification are to be like, to be what the present options would give.

    Attributes:
        model: The model's name.
        fewest: How many predictions each image has at least.
        most: How many it has at most.
    """

    model: str
    fewest: int
    most: int

    def check(self, key: str, model: str, predictions: int) -> None:
        """Raise a ValueError if the row of `key` is not like that."""
        if valid_utf8(model) != valid_utf8(self.model):
            raise ValueError(f"its rows are by the model {printable(model)}, not {printable(self.model)}")
        if not self.fewest <= predictions <= self.most:
            raise ValueError(
                f"its row of {printable(key)} has {predictions} labels, which the present "
                "--top-k and --threshold would not give"
            )


class Resumption(RowsResumption):
    """The same for the Results of a classification."""

    def __init__(self, stream: PartFile, chosen: Format, layout: Layout, expected: Expected) -> None:
        """Begin as RowsResumption does.

        Args:
            stream: Opened with `resume`.
            chosen: The format, one that passes `check_resumable`.
            layout: The options that shape the records now.
            expected: What the rows are to be like.

        Raises:
            OutputError: The rows were made with other options or another model, or the file is damaged.
        """

        def read(document: BinaryIO) -> Iterator[Row]:
            for row in chosen.read(document, layout) if chosen.read else ():
                if row.ok:
                    expected.check(row.key, row.model, row.predictions)
                yield row

        # A table's rows have a row each, and no more.
        super().__init__(stream, read, keeps_others=layout.columns is None)


def _stands_for_others(path: str) -> bool:
    """Tell whether a failed row is of a folder or a pattern: what that stands for has rows of its own by now."""
    if is_url(path):
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
