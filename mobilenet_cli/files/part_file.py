"""A file that appears under its name only when it is complete, and whose run can be resumed when it is not.

Its rows are in FILE.part, beside it, and this process alone writes there: the file is locked. Whatever ends a
run, FILE is the old one or the new one, and FILE.part holds every row that was finished. The options that the rows
were made with are beside them (`kept_options`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.errors import OutputError
from mobilenet_cli.files.kept_options import KeptOptions
from mobilenet_cli.files.stream import OutputStream, explained
from mobilenet_cli.images.formats import IMAGE_ENDINGS
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed import ReadableBuffer

    from mobilenet_cli.files.made_with import MadeWith

_COPY = 1 << 20


def part_path(path: str) -> Path:
    """Return the file that the rows of the file `path` are in until it is complete."""
    target = _target(path)
    return target.with_name(target.name + ".part")


@contextmanager
def open_part(
    path: str, *, overwrite: bool, resume: bool, resumable: bool = True, addable: bool = True
) -> Iterator[PartFile]:
    """Open FILE.part, and rename it to FILE when the block ends.

    If the block is left by an exception, FILE.part stays, or is removed if it is empty.

    Args:
        path: FILE.
        overwrite: Discard what FILE.part holds, and replace FILE.
        resume: Leave in FILE.part what it holds, for `PartFile.keep_beginning`, and replace FILE.
        resumable: Whether who refuses FILE.part may advise to give --resume.
        addable: Whether who refuses FILE may do so too.

    Raises:
        OutputError: FILE or FILE.part exists and neither option was given; another run is writing it; it
            cannot be written.
    """
    if path.lower().endswith(IMAGE_ENDINGS):
        raise OutputError(f"cannot write records to {printable(path)}: that is an image's name, and maybe your image")
    target, part = _target(path), part_path(path)
    may_exist = overwrite or resume
    with explained(path):
        _refuse(path, target, may_exist, resumable and addable)
        descriptor = _open_locked(part)
    with PartFile(descriptor, path, resumable) as stream:
        try:
            _refuse(path, target, may_exist, resumable and addable)  # another run may have completed it just before
            if not resume:
                _check_unused(descriptor, part, overwrite, resumable)
            stream.is_stale = not resume
            yield stream
            stream.complete()
        except BaseException:
            if not os.fstat(descriptor).st_size:
                with contextlib.suppress(OSError):
                    part.unlink()
                    stream.kept_options.discard()
            raise


class PartFile(OutputStream):
    """FILE.part, open and locked.

    Attributes:
        target: FILE.
        part: FILE.part.
        kept_options: The options beside the rows.
    """

    def __init__(self, descriptor: int, path: str, resumable: bool) -> None:
        self.target, self.part = _target(path), part_path(path)
        # Where what replaces FILE.part is put together: worth nothing before it is renamed.
        self._replacement = self.part.with_name(self.part.name + ".new")
        kept = f"; the rows finished so far are in {printable(str(self.part))}" if resumable else ""
        super().__init__(descriptor, path, kept=kept)
        self.kept_options = KeptOptions(self.part, self.target)
        self._has_begun = False
        self.is_stale = False
        """Whether the content is to be discarded: at the first write, so that a run that fails before costs nothing."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of `data`, in the place of stale content. Raises OutputError."""
        if not self._has_begun:
            self._begin()
        return super().write(data)

    def _begin(self) -> None:
        """Discard stale content, and have the options there before the rows."""
        with explained(self._path):
            if self.is_stale:
                os.ftruncate(self.fileno(), 0)
            self.is_stale = False
            self.kept_options.write()
        self._has_begun = True

    def discard_new(self) -> None:
        """Take out what was written; what is stale stays."""
        if not self.is_stale:
            with explained(self._path):
                os.ftruncate(self.fileno(), 0)

    def earlier_options(self) -> MadeWith | None:
        """Return what the rows of `earlier()` were made with; None where that is not known."""
        return self.kept_options.earlier(of_part=os.fstat(self.fileno()).st_size > 0)

    def earlier(self) -> BinaryIO:
        """Open for reading what an earlier run left: FILE.part or, where that is empty, FILE if it exists.

        Raises:
            OutputError: It cannot be read.
        """
        has_rows = os.fstat(self.fileno()).st_size > 0
        file = self.target if not has_rows and self.target.exists() else self.part
        try:
            return file.open("rb")
        except OSError as error:
            raise OutputError(f"cannot resume {printable(str(file))}: {error.strerror}") from error

    def keep_beginning(self, earlier: BinaryIO, end: int) -> None:
        """Begin with the first `end` bytes of what `earlier()` opened; what is written comes after them.

        Raises:
            OutputError: It cannot be written.
        """
        if os.path.sameopenfile(earlier.fileno(), self.fileno()):
            with explained(self._path, self._kept):
                os.ftruncate(self.fileno(), end)
            self.seek(end)
        else:
            self.replace_with(earlier.fileno(), [(0, end)])

    @property
    def in_hand(self) -> Path:
        """Where the run keeps which images it is decoding: see `in_hand`."""
        return self.part.with_name(f"{self.part.name}.hand")

    @contextmanager
    def replacing(self) -> Iterator[BinaryIO]:
        """Open what replaces the content when the block ends, in one step: a kill leaves all of the old or the new.

        Raises:
            OutputError: It cannot be written; the old content is still there.
        """
        with explained(self._path, self._kept):
            descriptor = os.open(self._replacement, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
            try:
                _lock(descriptor)
                with open(descriptor, "wb", buffering=_COPY, closefd=False) as copy:
                    yield copy
                os.fsync(descriptor)
                self._replacement.replace(self.part)
                os.dup2(descriptor, self.fileno(), inheritable=False)
                self.is_stale = False
                self.kept_options.write()
            except BaseException:
                self._replacement.unlink(missing_ok=True)
                raise
            finally:
                os.close(descriptor)
        self.seek(0, os.SEEK_END)

    def replace_with(self, source: int, pieces: Iterable[tuple[int, int]]) -> None:
        """Replace the content by pieces of a file, as `replacing` does.

        Args:
            source: A descriptor of the file to copy from, which may be this one.
            pieces: The begin and end of each, in bytes.

        Raises:
            OutputError: It cannot be written; the old content is still there.
        """
        with self.replacing() as copy:
            for begin, end in pieces:
                _copy(source, begin, end, copy)

    def complete(self) -> None:
        """Make FILE of it."""
        self._begin()
        with explained(self._path, self._kept):
            if self.target.exists():
                os.fchmod(self.fileno(), stat.S_IMODE(self.target.stat().st_mode))
            os.fsync(self.fileno())
            self.kept_options.complete()
            self.part.replace(self.target)
            self._replacement.unlink(missing_ok=True)  # of a run that was killed while it put it together


def _copy(source: int, begin: int, end: int, copy: BinaryIO) -> None:
    while begin < end:
        data = os.pread(source, min(_COPY, end - begin), begin)
        if not data:
            raise OSError(None, "it was shortened meanwhile")
        copy.write(data)
        begin += len(data)


def _target(path: str) -> Path:
    # A symbolic link stays one: the file that it leads to is replaced.
    return Path(os.path.realpath(path)) if Path(path).is_symlink() else Path(path)


def _refuse(path: str, target: Path, may_exist: bool, addable: bool) -> None:
    if target.exists() and not may_exist:
        resume = ", or --resume to complete it" if addable else ""
        raise OutputError(f"{printable(path)} exists; give --overwrite to replace it{resume}")


def _check_unused(descriptor: int, part: Path, overwrite: bool, resumable: bool) -> None:
    if not os.fstat(descriptor).st_size or overwrite:
        return
    if resumable:
        raise OutputError(
            f"{printable(str(part))} exists: it holds the finished rows of a run that was interrupted. "
            "Give --resume to continue where it stopped, or --overwrite to start over."
        )
    raise OutputError(f"{printable(str(part))} exists: a run that failed left it; give --overwrite to replace it")


def _open_locked(part: Path) -> int:
    """Open `part` with a lock that the system lifts when this process ends, however it ends."""
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            _lock(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            raise OutputError(
                f"another run is writing {printable(str(part))}; wait for it, or give another file"
            ) from None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), part.stat()):
                return descriptor
        os.close(descriptor)  # the other run renamed it after this one opened it


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return  # a file system without locks, as some network ones are
