"""`--resume`: each finished row of an earlier run is kept, and only the other sources are done.

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
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.files.earlier_rows import EarlierRows, Row
from mobilenet_cli.inputs.globs import is_pattern
from mobilenet_cli.inputs.remote_listing import must_be_listed
from mobilenet_cli.json_lines import FIRST_BYTES
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable, valid_utf8

if TYPE_CHECKING:
    from mobilenet_cli.files.format import Conversion, Format, RowOptions
    from mobilenet_cli.files.part_file import PartFile

_NO_ROW = -1

_Options = TypeVar("_Options", bound="RowOptions")


class EarlierRun:
    """An earlier run that left nothing.

    Attributes:
        kept: How many finished rows it left.
        found: How many of the sources so far had such a row.
    """

    kept = 0
    found = 0

    @property
    def others(self) -> int:
        """How many of its rows, finished or failed, are of none of the sources so far."""
        return 0

    @property
    def has_rows(self) -> bool:
        """Whether the document has rows already, and with them its header."""
        return False

    def __contains__(self, key: object) -> bool:
        """Return whether it left a finished row of the source of this key."""
        return False

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources without a finished row."""
        return iter(sources)

    def end_record(self) -> None:
        """Note that the next source that `pending` yielded now has its row, or gets none."""

    def put_in_order(self) -> None:
        """Put all rows in the order of the sources, after those of images that are no longer among them.

        Raises:
            OutputError: There is no room for the copy; the rows are still there.
        """


class InterruptedRun(EarlierRun):
    """An earlier run that left rows in FILE.part or FILE."""

    def __init__(self, stream: PartFile, rows: Iterable[Row], *, keeps_others: bool) -> None:
        """Note the rows.

        Args:
            stream: What new rows are appended to.
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

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources without a finished row: those whose row failed are tried again."""
        for source in sources:
            row = self._rows.take(valid_utf8(source.key))
            self._sources.append(_NO_ROW if row is None else row)
            if row is None:
                yield source
            else:
                self.found += 1

    def end_record(self) -> None:
        """Note that the next source that `pending` yielded now has its row, or gets none."""
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


def resume_run(stream: PartFile, chosen: Format[Any, _Options], options: _Options, trained_at: float) -> InterruptedRun:
    """Read what is there, drop a torn last row, and leave the stream at the end of the others.

    Args:
        stream: Opened with `resume`.
        chosen: The format.
        options: The options that shape the rows now.
        trained_at: When the model was trained, in seconds since the epoch: older rows are another model's.

    Raises:
        InputError: A run in this format cannot be resumed.
        OutputError: The rows were made with other options or by another model, are damaged, or cannot be
            read or written.
    """
    if chosen.rows is None:
        raise InputError(f"a run that writes {chosen.name} cannot be resumed")
    _check_age(stream, options.model, trained_at)
    if chosen.conversion is not None:
        _turn_into_lines(stream, chosen.name, chosen.conversion, options)
    with stream.earlier() as document:
        with _refusing(document):
            run = InterruptedRun(stream, chosen.rows(document, options), keeps_others=options.keeps_others)
        stream.keep_beginning(document, run.end)
    return run


def _check_age(stream: PartFile, model: str, trained_at: float) -> None:
    """Refuse rows from before a model of this name was last trained: they are another model's."""
    with stream.earlier() as document:
        if os.fstat(document.fileno()).st_mtime < trained_at:
            raise OutputError(
                f"cannot resume {printable(document.name)}: {printable(model)} is newer than its rows: "
                "another model may have made them. Give --overwrite to start over."
            )


def _turn_into_lines(stream: PartFile, name: str, conversion: Conversion[_Options], options: _Options) -> None:
    """Turn a complete document, which is FILE or was about to become it, into lines; leave lines as they are."""
    with stream.earlier() as document:
        begin = document.read(len(FIRST_BYTES))
        if FIRST_BYTES.startswith(begin):  # also where there is nothing
            return
        document.seek(0)
        if conversion.read is None:
            raise OutputError(
                f"cannot resume {printable(document.name)}: it is complete, and {name} cannot be read back. "
                "Give --overwrite to start over; to be able to add to results, write .jsonl."
            )
        with _refusing(document), stream.replacing() as lines:
            for line in conversion.read(document, options):
                lines.write(line)


@contextmanager
def _refusing(document: BinaryIO) -> Iterator[None]:
    """Turn a ValueError, which says what is wrong with a document, into an OutputError that advises what to do."""
    try:
        yield
    except ValueError as error:
        raise OutputError(
            f"cannot resume {printable(document.name)}: {error}. "
            "Give the options of the run that wrote it, or --overwrite to start over."
        ) from error


def _stands_for_others(path: str) -> bool:
    """Return whether a failed row is of a folder or a pattern: the images in it have rows of their own by now."""
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
