"""Records that go to a URL: each part is written on this machine, and uploaded when it is complete.

    s3://bucket/labels/           a folder of parts, as on a disk
    s3://bucket/labels.parquet    parts in s3://bucket/labels.parquet.parts/, of which the file is made at the end;
                                  the options that its rows were made with go to labels.parquet.meta

So what was uploaded survives this machine, and `--resume` continues behind it on any other.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from mobilenet_cli.errors import ImageError, OutputError
from mobilenet_cli.files.document import HasStatus
from mobilenet_cli.files.folder_document import FolderDocument
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.files.made_with import SUFFIX, MadeWith, decoded
from mobilenet_cli.files.part_file import PartFile
from mobilenet_cli.files.part_folder import OPTIONS, PartFolder, is_part
from mobilenet_cli.remote.uploads import RemoteFolder, folder_and_name
from mobilenet_cli.text import printable

_ROWS = 10_000
"""Rows of a part of a single file: some 10 MB."""

_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


@contextmanager
def open_remote(url: str, *, overwrite: bool, resume: bool) -> Iterator[PartFolder]:
    """Open a URL that records go to, a folder's if it ends in "/".

    Raises:
        InputError: It names no file.
        OutputError: It cannot be written.
    """
    with _explained(url), _work_folder() as work:
        kind = RemotePartFolder if url.endswith("/") else PartsOfFile
        folder = kind(url, work, overwrite=overwrite, resume=resume)
        try:
            yield folder
        except BaseException as error:
            folder.abandon(error)
            raise


def _work_folder() -> tempfile.TemporaryDirectory[str]:
    # The thread that reads the sources may still be downloading an earlier part when a run is left.
    return tempfile.TemporaryDirectory(prefix="mnclassify-", ignore_cleanup_errors=True)


@contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except ImageError as error:  # of an object store
        raise OutputError(f"cannot write {printable(url)}: {error}") from error


class RemotePartFolder(PartFolder):
    """A folder of parts at a URL.

    Args:
        url: The URL.
        work: A folder of this machine in which the parts are written.
        overwrite: As for PartFolder.
        resume: As for PartFolder.
    """

    def __init__(self, url: str, work: str, *, overwrite: bool, resume: bool) -> None:
        super().__init__(work, overwrite=overwrite, resume=resume)
        self.shown = printable(url)
        self._remote = RemoteFolder(url.rstrip("/"))
        self._uploaded: dict[str, bytes] = {}
        self._there: frozenset[str] | None = None

    @property
    def in_hand(self) -> None:
        """None: an object store is not written to for each image."""
        return

    def open(self, name: str) -> PartFile:
        """Open a part to be written; with `resume`, what was uploaded of it is kept."""
        if self.resume and self.was_there(name):
            file = Path(self.place(name))
            with _explained(self.shown):
                self._remote.download(name, file)
            self._uploaded[name] = _digest(file)
        return super().open(name)

    def was_there(self, name: str) -> bool:
        """Return whether an earlier run has uploaded a part. The store is asked once."""
        if self._there is None:
            self._there = frozenset(self.names())
        return name in self._there

    def finish(self, name: str) -> int:
        """Upload a part, unless the same bytes are there already, and return its size in bytes."""
        size = super().finish(name)
        file = Path(self.place(name))
        if self._uploaded.pop(name, None) != _digest(file):
            with _explained(self.shown):
                self._remote.upload(file, name)
        file.unlink()
        return size

    def names(self) -> Sequence[str]:
        """Return the names of what is in it, sorted."""
        with _explained(self.shown):
            return self._remote.names()

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with _explained(self.shown):
            self._remote.remove(name)

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        with _explained(self.shown):
            self._remote.write(name, data)

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file; None if it is not there."""
        with _explained(self.shown):
            return self._downloaded(self._remote, name)

    def _downloaded(self, folder: RemoteFolder, name: str) -> bytes | None:
        if not folder.has(name):
            return None
        file = Path(self.place(name))
        folder.download(name, file)
        data = file.read_bytes()
        file.unlink()
        return data


class PartsOfFile(RemotePartFolder):
    """The parts of a single file at a URL. They are of rows: lines, and no Parquet."""

    def __init__(self, url: str, work: str, *, overwrite: bool, resume: bool) -> None:
        folder, self._name = folder_and_name(url)
        super().__init__(f"{url}.parts", work, overwrite=overwrite, resume=resume)
        self.shown = printable(url)
        self._target, self._meta = RemoteFolder(folder, self._remote), f"{self._name}{SUFFIX}"
        self._rows: Path | None = None  # those of the file that is there

    @property
    def is_there(self) -> bool:
        """Whether there is such a file."""
        with _explained(self.shown):
            return self._target.has(self._name)

    def has_rows(self) -> bool:
        """Return whether there are rows that `resume` keeps, in parts or in the file."""
        return super().has_rows() or self.is_there

    def earlier_options(self) -> MadeWith | None:
        """Return what those rows were made with; None where that is not known."""
        if super().has_rows():
            return super().earlier_options()
        with _explained(self.shown):
            return decoded(self._downloaded(self._target, self._meta))

    def check(self, ending: str) -> None:
        """Check that the file may be written: see PartFolder.check."""
        if not (self.overwrite or self.resume) and self.is_there:
            raise OutputError(f"{self.shown} exists; give --overwrite to replace it, or --resume to complete it")
        if not (self.overwrite or self.resume) and any(map(is_part, self.names())):
            raise OutputError(
                f"{self.shown}.parts has the finished parts of a run that was interrupted. "
                "Give --resume to continue where it stopped, or --overwrite to start over."
            )
        super().check(ending)

    def would_lose(self) -> bool:
        """Return whether there is something that `overwrite` replaces."""
        return self.is_there or super().would_lose()

    def complete(self, manifest: Mapping[str, Any]) -> None:
        """Remove the parts that are not in the manifest."""
        kept = {OPTIONS, *(each["name"] for each in manifest["parts"])}
        for name in set(self.names()) - kept:
            self.remove(name)

    def open(self, name: str) -> PartFile:
        """Open a part to be written; what is kept is that part's rows, or else the file's, if it is there."""
        if self.resume and self._rows is not None and not self.was_there(name):
            shutil.copy2(self._rows, self.place(name))
        return super().open(name)

    def read_back(self, chosen: Format[Any, _Options], options: _Options) -> None:
        """With `resume`: have the rows of the file that is there kept.

        Raises:
            OutputError: It is no such file, or was made with other options.
        """
        if not (self.resume and self.is_there):
            return
        file, rows = Path(self.place("document")), Path(self.place("rows"))
        with _explained(self.shown):
            self._target.download(self._name, file)
        if chosen.conversion is None:
            rows = file
        elif chosen.conversion.read is None:
            raise OutputError(f"cannot resume {self.shown}: it is complete, and {chosen.name} cannot be read back")
        else:
            try:
                with file.open("rb") as document, rows.open("wb") as lines:
                    lines.writelines(chosen.conversion.read(document, options))
                shutil.copystat(file, rows)  # rows that are older than the model are refused
            except ValueError as error:
                raise OutputError(f"cannot resume {self.shown}: {error}. Give --overwrite to start over.") from error
        self._rows = rows

    def replace(self, chosen: Format[Any, _Options], options: _Options, manifest: Sequence[str]) -> None:
        """Make the file of its parts, upload it, and remove them."""
        rows = Path(self.place("all"))
        with _explained(self.shown), rows.open("wb") as whole:
            for number, name in enumerate(manifest):
                part = Path(self.place(name))
                self._remote.download(name, part)
                with part.open("rb") as stream:
                    begin = next((row.begin for row in chosen.rows(stream, options)), None) if chosen.rows else 0
                    stream.seek(0 if number == 0 or begin is None else begin)
                    while piece := stream.read(1 << 20):
                        if number == 0 or begin is not None:
                            whole.write(piece)
                part.unlink()
        document = rows
        if chosen.conversion is not None:
            document = Path(self.place("converted"))
            with document.open("wb") as stream:
                chosen.conversion.write(rows, stream, options)
        with _explained(self.shown):
            made_with = self.read(OPTIONS)
            if made_with is not None and chosen.can_be_read_back:
                self._target.write(self._meta, made_with)  # before the file: until then, the parts' own are read
            self._target.upload(document, self._name)
            for name in self.names():
                self.remove(name)


class RemoteFileDocument(FolderDocument[_Record, _Options]):
    """The records of one run on their way to a single file at a URL. It is used as a Document is."""

    def __init__(
        self,
        parts: PartsOfFile,
        chosen: Format[_Record, _Options],
        options: _Options,
        *,
        made_at: float = 0.0,
        made_with: MadeWith | None = None,
    ) -> None:
        """Begin the document. Arguments and errors: see FolderDocument."""
        self._parts, self._whole = parts, chosen
        endings = chosen.endings if chosen.conversion is None else (".jsonl",)
        rows = replace(chosen, conversion=None, endings=endings)
        super().__init__(parts, rows, options, rows_per_file=_ROWS, made_at=made_at, made_with=made_with)
        parts.read_back(chosen, options)

    def close(self) -> None:
        """Complete the last part, make the file of all of them, and upload it. Raises as FolderDocument.close does."""
        super().close()
        self._parts.replace(self._whole, self._options, sorted(self._finished))


def _digest(file: Path) -> bytes:
    import hashlib

    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
