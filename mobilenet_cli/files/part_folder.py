"""A folder of part files that are one table: each is complete or absent, and `_SUCCESS` says that all are there.

    DIR/part-00000.parquet, part-00001.parquet, …    the rows, in the order of the sources
    DIR/_options.json                                the options that the rows are made with; written first
    DIR/_in_hand                                     the images that are being decoded (`in_hand`), during a run
    DIR/_manifest.json                               the parts with their numbers of rows
    DIR/_SUCCESS                                     empty; written last

Readers of folders (Spark, DuckDB, polars, pyarrow) pass names that begin with "_" by.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import OutputError
from mobilenet_cli.files import made_with
from mobilenet_cli.files.part_file import PartFile, open_part
from mobilenet_cli.files.stream import explained
from mobilenet_cli.text import printable

SUCCESS = "_SUCCESS"
MANIFEST = "_manifest.json"
OPTIONS = "_options.json"
_IN_HAND = "_in_hand"
_PART = re.compile(r"part-\d{5,}\.[a-z]+")
_OWN = re.compile(rf"{_PART.pattern}(\.part(\.new)?)?|{SUCCESS}|{MANIFEST}|{OPTIONS}|{_IN_HAND}")


def part_name(number: int, ending: str) -> str:
    """Return the name of the part of this number, from 0; `ending` has its dot."""
    return f"part-{number:05}{ending}"


def is_part(name: str) -> bool:
    """Return whether a name is a part's."""
    return _PART.fullmatch(name) is not None


class PartFolder:
    """The folder, in which this process alone writes.

    Attributes:
        path: The path, without a "/" at its end, of the folder of this machine in which parts are written.
        shown: What messages call it.
        overwrite: Whether what is there is replaced.
        resume: Whether what is there is kept, as far as it is of the sources.
    """

    def __init__(self, path: str, *, overwrite: bool = False, resume: bool = False) -> None:
        self.path, self.overwrite, self.resume = path, overwrite, resume
        self.shown = printable(path)
        self._lock = threading.Lock()  # guards what follows
        self._open: dict[str, AbstractContextManager[PartFile]] = {}
        self._is_abandoned = False

    def place(self, name: str) -> str:
        """Return the path of a file of this machine in which a part is written, or its earlier one is read."""
        return os.path.join(self.path, name)  # noqa: PTH118

    @property
    def in_hand(self) -> Path | None:
        """Where the run keeps which images it is decoding; None where nothing is kept."""
        return Path(self.place(_IN_HAND))

    def open(self, name: str) -> PartFile:
        """Open a part to be written; with `resume`, what is there of it is kept.

        Raises:
            OutputError: As `open_part` does, or the folder was abandoned: the sources that ask for the part pass in a
                thread that may end later than the run.
        """
        with self._lock:
            if self._is_abandoned:
                raise OutputError(f"cannot write {self.shown}: the run has ended")
            opened = open_part(self.place(name), overwrite=self.overwrite, resume=self.resume)
            stream = opened.__enter__()
            self._open[name] = opened
            return stream

    def finish(self, name: str) -> int:
        """Have a part appear that is complete, and return its size in bytes. Raises as `open_part` does."""
        with self._lock:
            opened = self._open.pop(name)
        opened.__exit__(None, None, None)
        return Path(self.place(name)).stat().st_size

    def abandon(self, error: BaseException) -> None:
        """Close the parts that are not complete: their finished rows stay beside them. No other part is opened."""
        with self._lock:
            self._is_abandoned = True
            while self._open:
                self._open.popitem()[1].__exit__(type(error), error, error.__traceback__)

    def names(self) -> Sequence[str]:
        """Return the names of what is in it, sorted."""
        with explained(self.path):
            return sorted(os.listdir(self.path))  # noqa: PTH208

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with explained(self.path):
            Path(self.place(name)).unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        with explained(self.path):
            Path(self.place(name)).write_bytes(data)

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file; None if it is not there."""
        with explained(self.path):
            file = Path(self.place(name))
            return file.read_bytes() if file.exists() else None

    def earlier_options(self) -> made_with.MadeWith | None:
        """Return what the rows of the parts that are there were made with; None where that is not known."""
        return made_with.decoded(self.read(OPTIONS))

    def has_rows(self) -> bool:
        """Return whether there are rows that `resume` keeps."""
        return any(name.startswith("part-") for name in self.names())

    def check(self, ending: str) -> None:
        """Check that the folder may be written to, with parts of this ending.

        Raises:
            OutputError: It has other files, or parts and neither `overwrite` nor `resume` is given.
        """
        shown = self.shown
        found = self.names()
        for name in found:
            if _OWN.fullmatch(name) is None:
                raise OutputError(f"{shown} has other files, such as {printable(name)}: give an empty or a new folder")
        parts = [name for name in found if name.startswith("part-")]
        if (parts or SUCCESS in found) and not (self.overwrite or self.resume):
            raise OutputError(f"{shown} has parts; give --overwrite to replace them, or --resume to complete them")
        others = [name for name in parts if ending not in name]
        if others and not self.overwrite:
            raise OutputError(f"{shown} has parts of another format, such as {others[0]}; give --overwrite to replace")

    def would_lose(self) -> bool:
        """Return whether there is something that `overwrite` replaces."""
        return any(map(is_part, self.names()))

    def begin(self, options: made_with.MadeWith | None) -> None:
        """Take away what says that the folder is complete and, with `overwrite`, what is there.

        Args:
            options: What the rows are made with, which is written before them; None: that is not kept.
        """
        for name in self.names():
            if name in (SUCCESS, MANIFEST) or (self.overwrite and is_part(name)):
                self.remove(name)
        if options is None:
            self.remove(OPTIONS)
        else:
            self.write(OPTIONS, made_with.encoded(options))

    def complete(self, manifest: Mapping[str, Any]) -> None:
        """Remove the parts that are not in the manifest, and say that the others are all."""
        kept = {each["name"] for each in manifest["parts"]}
        for name in self.names():
            if _OWN.fullmatch(name) and name not in kept and name not in (MANIFEST, SUCCESS, OPTIONS):
                self.remove(name)
        self.write(MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")
        self.write(SUCCESS, b"")


@contextmanager
def open_folder(path: str, *, overwrite: bool, resume: bool) -> Iterator[PartFolder]:
    """Open a folder, which is created if its own folder is there, for the length of a `with` block.

    Raises:
        OutputError: It cannot be written, or another run is writing it.
    """
    path = path.rstrip("/") or "/"
    with explained(path):
        Path(path).mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"another run is writing {printable(path)}; wait for it, or give another folder"
            ) from None
        except OSError:
            pass  # a file system without locks, as some network ones are
        folder = PartFolder(path, overwrite=overwrite, resume=resume)
        try:
            yield folder
        except BaseException as error:
            folder.abandon(error)
            raise
    finally:
        os.close(descriptor)
