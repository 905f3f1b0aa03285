"""Records that the actors write themselves: a folder of parts, a part a group of sources."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from mobilenet_cli.cluster.job import Pair, Records
from mobilenet_cli.errors import OutputError
from mobilenet_cli.files.document import Document
from mobilenet_cli.files.folder_document import earlier_run_of, manifest_of
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.files.made_with import MadeWith
from mobilenet_cli.files.part_file import PartFile
from mobilenet_cli.files.part_folder import PartFolder, part_name
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

_FIRST_FAILURES = 3
_ATTEMPTS, _PAUSE = 5, 2.0
"""How often a part is opened, and the seconds in between: an actor that was given up may hold it for a moment."""


@dataclass(slots=True)
class PartReport:
    """A part that is complete.

    Attributes:
        name: Its file's name.
        archive: The shard whose images it has; None where they are in none.
        rows: How many rows it has.
        bytes: Its size.
        found: How many of its images had a row of an earlier run.
        done: How many images were handled now.
        failed: How many of those could not be read.
        labelled: How many of those that could be read have a row.
        failures: The first failures, each with its path and reason, on one line.
    """

    name: str
    archive: str | None = None
    rows: int = 0
    bytes: int = 0
    found: int = 0
    done: int = 0
    failed: int = 0
    labelled: int = 0
    failures: list[str] = field(default_factory=list)

    def count(self, record: Any, *, is_wanted: bool) -> None:
        """Count a record that was made now."""
        failed = record.status == "error"
        self.done += 1
        self.failed += failed
        self.rows += is_wanted
        self.labelled += is_wanted and not failed
        if failed and len(self.failures) < _FIRST_FAILURES:
            self.failures.append(f"{printable(record.path)}: {record.error}")


@dataclass(frozen=True, slots=True)
class PartWriter:
    """Writes the records of each group to a part, and yields its PartReport. It is the Handling of a run.

    A part whose writing was interrupted is resumed, by whichever actor gets its group next.

    Attributes:
        folder: The absolute path or the URL of the folder, which each machine sees at that path.
        chosen: The format.
        options: The options that shape the rows.
        made_at: As for Document.
        is_wanted: Whether a record gets a row.
    """

    folder: str
    chosen: Format[Any, Any]
    options: RowOptions
    made_at: float
    is_wanted: Callable[[Any], bool]

    def __call__(self, number: int, sources: Iterable[Source], records: Records) -> Iterator[Pair]:
        """Yield the name of the part, as a Source, with its report. Raises as Document and PartFolder do."""
        name = part_name(number, self.chosen.endings[0])
        with tempfile.TemporaryDirectory(prefix="mnclassify-") as work:
            folder = self._opened(work)
            try:
                yield Source(name), self._written(folder, name, sources, records)
            except BaseException as error:
                folder.abandon(error)
                raise

    def _written(self, folder: PartFolder, name: str, sources: Iterable[Source], records: Records) -> PartReport:
        report = PartReport(name)
        document = Document(
            _part(folder, name), self.chosen, self.options, resume=True, made_at=self.made_at, keeps_others=False
        )

        def noted() -> Iterator[Source]:
            for source in sources:
                report.archive = source.archive
                yield source

        with closing(records(document.pending(noted()))) as pairs:
            for source, record in pairs:
                is_wanted = self.is_wanted(record)
                report.count(record, is_wanted=is_wanted)
                if is_wanted:
                    document.write(source, record)
                else:
                    document.leave_out()
        document.close()
        report.found = document.earlier.found
        report.rows += report.found
        report.bytes = folder.finish(name)
        return report

    def _opened(self, work: str) -> PartFolder:
        if not is_url(self.folder):
            return PartFolder(self.folder, resume=True)
        from mobilenet_cli.files.remote_output import RemotePartFolder

        return RemotePartFolder(self.folder, work, overwrite=False, resume=True)


def _part(folder: PartFolder, name: str) -> PartFile:
    for _ in range(_ATTEMPTS - 1):
        try:
            return folder.open(name)
        except OutputError:
            time.sleep(_PAUSE)
    return folder.open(name)


class PartsDocument:
    """A folder of parts that others write, as the run sees it which began them.

    Attributes:
        earlier: Counts the finished rows of an earlier run that are kept.
    """

    def __init__(
        self, folder: PartFolder, chosen: Format[Any, Any], options: RowOptions, made_with: MadeWith | None = None
    ) -> None:
        """Begin the folder, which with `overwrite` loses what is there. Arguments and errors as FolderDocument's."""
        self._folder, self._format, self._options = folder, chosen, options
        self.earlier = earlier_run_of(folder, chosen, made_with)
        self._parts: list[dict[str, Any]] = []
        if folder.overwrite:
            for name in folder.names():
                folder.remove(name)
        folder.begin(made_with)

    def add(self, report: PartReport) -> None:
        """Note a part that is complete."""
        self.earlier.found += report.found
        figures = {"name": report.name, "rows": report.rows, "bytes": report.bytes, "archive": report.archive}
        self._parts.append(figures)

    def close(self) -> None:
        """Complete the folder. Raises an OutputError if it cannot be written."""
        if not self._parts:  # a table without rows, which can be read too
            name = part_name(0, self._format.endings[0])
            document = Document(self._folder.open(name), self._format, self._options, resume=self._folder.resume)
            document.close()
            self.add(PartReport(name, bytes=self._folder.finish(name)))
        self._folder.complete(manifest_of(self._parts, self._format, self._options))
