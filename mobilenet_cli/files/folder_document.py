"""One run's records on their way to a folder of parts, each of which is a Document of its own.

The sources are cut into groups as they pass: a shard each, or so many images. Both what passes (in the pipeline's
reader thread) and what is written (by whoever iterates the records) goes through the groups in the same order, so a
part is closed when the first record of a later one comes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mobilenet_cli.errors import MnclassifyError
from mobilenet_cli.files.document import Document, HasStatus
from mobilenet_cli.files.earlier_run import EarlierRun
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.files.held_back import HeldBack
from mobilenet_cli.files.part_folder import PartFolder, part_name
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    from mobilenet_cli.files.made_with import MadeWith

ROWS = 100_000
"""Rows of a part, where the images are not in shards."""

_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


@dataclass(slots=True)
class _Part(Generic[_Record, _Options]):
    """A part that is being written, or looked through.

    Attributes:
        name: Its file's name.
        archive: The shard whose images it has; None where they are in none.
        document: Its rows; None before it is opened. An earlier run's are read at once, others with the first record.
        sources: How many sources it has so far.
        asked: How many of them went to the network.
        rows: How many of those have rows.
    """

    name: str
    archive: str | None
    document: Document[_Record, _Options] | None = None
    sources: int = 0
    asked: int = 0
    rows: int = 0


class FolderDocument(Generic[_Record, _Options]):
    """The records of one run. It is used as a Document is.

    Attributes:
        earlier: Counts the finished rows that are kept. It finds them part by part, so with `resume` their number is
            not known before all sources have passed.
    """

    def __init__(
        self,
        folder: PartFolder,
        chosen: Format[_Record, _Options],
        options: _Options,
        *,
        rows_per_file: int | None = None,
        made_at: float = 0.0,
        made_with: MadeWith | None = None,
    ) -> None:
        """Begin the document.

        Args:
            folder: Where the parts go.
            chosen: Their format.
            options: The options that shape the rows.
            rows_per_file: How many sources a part has; None for a part a shard, and ROWS where there are none.
            made_at: As for Document.
            made_with: As for Document.

        Raises:
            OutputError: The folder may not be written to, or has rows that were made with other options.
        """
        self._folder, self._format, self._options = folder, chosen, options
        self._rows_per_file, self._made_at, self._made_with = rows_per_file, made_at, made_with
        self.earlier = earlier_run_of(folder, chosen, made_with)
        self._number = 0
        self._filled: _Part[_Record, _Options] | None = None  # to which the last source went
        self._due: deque[_Part[_Record, _Options]] = deque()  # of each source that `wants` said yes to
        self._written: _Part[_Record, _Options] | None = None  # to which the last record went
        # Failures before the first image that could be read, if there is something to lose.
        self._held_back: HeldBack[_Record] | None = HeldBack() if folder.overwrite and folder.would_lose() else None
        self._lock = threading.Lock()  # guards what follows
        self._has_begun = False
        self._finished: dict[str, dict[str, Any]] = {}

    def wants(self, source: Source) -> bool:
        """Return whether the next source has no finished row yet."""
        part = self._filled
        if part is None or self._is_full(part, source):
            self._end_filled()
            part = self._filled = self._begin_part(source.archive)
        part.sources += 1
        wanted = part.document is None or part.document.wants(source)
        if wanted:
            part.asked += 1
            self._due.append(part)
        self.earlier.found += not wanted
        return wanted

    def finished_row(self) -> bytes:
        """Return a document with the finished row of the source that `wants` has just said no to, and no other."""
        assert self._filled is not None and self._filled.document is not None  # noqa: S101, PT018 - it said no
        return self._filled.document.finished_row()

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources that have no finished row yet."""
        return filter(self.wants, sources)

    def write(self, source: Source, record: _Record) -> None:
        """Write the record of the next source that `wants` said yes to. Raises as Document.write does."""
        if self._held_back is not None and record.status == "error":
            self._held_back.append(source, record)
            return
        self._release()
        self._write(source, record)

    def leave_out(self) -> None:
        """Give the next source that `wants` said yes to no row."""
        self._release()
        self._opened(self._next()).leave_out()

    def close(self) -> None:
        """Complete the last part, and the folder.

        Raises:
            MnclassifyError: There are parts that were to be replaced, but no image could be read.
            OutputError: It cannot be written.
        """
        if self._held_back is not None:
            raise MnclassifyError(f"no image could be read, so {self._folder.shown} is left as it was")
        self._release()
        if self._written is not None:
            self._finish(self._written)
        self._end_filled()
        if not self._number:  # a table without rows, which can be read too
            self._finish(self._begin_part(None))
        parts = [self._finished[name] for name in sorted(self._finished)]
        self._folder.complete(manifest_of(parts, self._format, self._options))

    def _end_filled(self) -> None:
        """Complete the part that the last source went to, if no record will come for it."""
        if self._filled is not None and not self._filled.asked:
            self._finish(self._filled)

    def _is_full(self, part: _Part[_Record, _Options], source: Source) -> bool:
        if self._rows_per_file is not None:
            return part.sources >= self._rows_per_file
        return source.archive != part.archive or (part.archive is None and part.sources >= ROWS)

    def _begin_part(self, archive: str | None) -> _Part[_Record, _Options]:
        name = part_name(self._number, self._format.endings[0])
        self._number += 1
        part: _Part[_Record, _Options] = _Part(name, archive if self._rows_per_file is None else None)
        if self._folder.resume:
            self._opened(part)
        return part

    def _opened(self, part: _Part[_Record, _Options]) -> Document[_Record, _Options]:
        """Return the document of a part, which is opened if it is not yet."""
        if part.document is None:
            part.document = Document(
                self._folder.open(part.name),
                self._format,
                self._options,
                resume=self._folder.resume,
                made_at=self._made_at,
                keeps_others=False,  # they have a row in another part
            )
        return part.document

    def _release(self) -> None:
        """Write what was held back."""
        held_back, self._held_back = self._held_back, None
        if held_back is not None:
            for source, record in held_back.taken():
                self._write(source, record)

    def _write(self, source: Source, record: _Record) -> None:
        part = self._next()
        self._opened(part).write(source, record)
        part.rows += 1

    def _next(self) -> _Part[_Record, _Options]:
        """Return the part of the next record, after the one before it is complete."""
        self._begin()
        part = self._due.popleft()
        if self._written is not None and self._written is not part:
            self._finish(self._written)
        self._written = part
        return part

    def _begin(self) -> None:
        with self._lock:
            if not self._has_begun:
                self._folder.begin(self._made_with)
            self._has_begun = True

    def _finish(self, part: _Part[_Record, _Options]) -> None:
        self._begin()
        document = self._opened(part)
        document.close()
        size = self._folder.finish(part.name)
        rows = part.rows + document.earlier.found
        figures = {"name": part.name, "rows": rows, "bytes": size, "archive": part.archive}
        with self._lock:
            self._finished[part.name] = figures


def earlier_run_of(folder: PartFolder, chosen: Format[Any, Any], made_with: MadeWith | None) -> EarlierRun:
    """Check that a folder may have parts of this format and these options, and return what an earlier run left there.

    Raises:
        OutputError: It may not.
    """
    folder.check(chosen.endings[0])
    if not folder.resume:
        return EarlierRun()
    if made_with is not None and folder.has_rows():
        from mobilenet_cli.files.resume import check_options

        check_options(folder.shown, folder.earlier_options(), made_with)
    earlier = EarlierRun()
    earlier.kept, earlier.is_known = None, False
    return earlier


def manifest_of(parts: Sequence[dict[str, Any]], chosen: Format[Any, Any], options: RowOptions) -> dict[str, Any]:
    """Return the manifest of a folder of parts, each with its `name`, `rows` and the like."""
    rows = sum(part["rows"] for part in parts)
    return {"format": chosen.name, "model": options.model, "rows": rows, "parts": list(parts)}
