"""Where records go: standard output, or a file that appears under its name only when it is complete.

Nothing is buffered: each record is handed to the system by the call that writes it. So a reader gets it as
soon as it is ready, and a killed run has lost none. (A write costs a few microseconds, an image a thousand.)
What a kill or a full disk can leave is one torn record at the end of FILE.part.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
import select
import stat
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.errors import OutputError
from mobilenet_cli.writers.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

# Opening these names anew would truncate a file that the shell opened to append to.
_OPEN_ALREADY = re.compile(r"/dev/(?:(?P<name>stdout|stderr)|fd/(?P<number>\d+))|/proc/self/fd/(?P<proc>\d+)")


def open_output(path: str | None, *, overwrite: bool) -> AbstractContextManager[BinaryIO]:
    """Open the place where records go.

    Each write() passes all of its bytes on before it returns. A file is written as FILE.part beside it and
    renamed when the block ends. If the block is left by an exception, FILE.part stays with what was written,
    or is removed if that is nothing. Devices, FIFOs and /dev/fd/N are written directly.

    Args:
        path: A file's name; None or "-" is standard output.
        overwrite: Replace FILE and FILE.part where they exist.

    Raises:
        OutputError: On opening, writing or completing, with the reason: FILE or FILE.part exists, another run
            is writing it, its folder is missing, the disk is full.
        BrokenPipeError: On writing, where the reader of a pipe has left. It is no failure of the output.
    """
    if path is None or path == "-":
        return _standard_output()
    with _explained(path):
        if match := _OPEN_ALREADY.fullmatch(path):
            number = {"stdout": 1, "stderr": 2}.get(match["name"]) or int(match["number"] or match["proc"])
            return _Output(os.dup(number), path)
        if path.endswith("/") or Path(path).is_dir():
            raise OutputError(f"cannot write {printable(path)}: it is a folder; give a file's name in it")
        if Path(path).exists() and not Path(path).is_file():
            return _Output(os.open(path, os.O_WRONLY), path)
    return _complete_or_absent(path, overwrite)


def part_path(path: str) -> Path:
    """Return the file that the rows of the file `path` are in until it is complete."""
    target = _target(path)
    return target.with_name(target.name + ".part")


class _Output(io.FileIO):
    """An unbuffered file whose write() writes everything, and whose errors name it."""

    def __init__(self, descriptor: int, path: str, *, closefd: bool = True, kept: str = "") -> None:
        super().__init__(descriptor, "wb", closefd=closefd)
        self._path = path
        self._kept = kept

    def write(self, data: ReadableBuffer, /) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        kept = self._kept if self._kept and self.tell() else ""
        with _explained(self._path, kept):
            while rest:
                written = super().write(rest)
                if written is None:  # a pipe that its other user made non-blocking is full
                    select.select([], [self], [])
                else:
                    rest = rest[written:]
        return size


def _standard_output() -> AbstractContextManager[BinaryIO]:
    if sys.stdout is None:
        raise OutputError("cannot write the results: standard output is closed; give a file with --output")
    sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except io.UnsupportedOperation:  # replaced by an object in memory, as test runners do
        return nullcontext(sys.stdout.buffer)
    return _Output(descriptor, "standard output", closefd=False)


def _target(path: str) -> Path:
    # A symbolic link stays one: the file that it leads to is replaced.
    return Path(path).resolve() if Path(path).is_symlink() else Path(path)


@contextmanager
def _complete_or_absent(path: str, overwrite: bool) -> Iterator[BinaryIO]:
    target, part = _target(path), part_path(path)
    with _explained(path):
        _refuse(path, target, overwrite)
        descriptor = _open_locked(part)
    kept = f"; the rows finished so far are in {printable(str(part))}"
    with _Output(descriptor, path, kept=kept) as stream:
        try:
            _refuse(path, target, overwrite)  # another run may have completed it just before
            _discard(descriptor, part, overwrite)
            yield stream
            with _explained(path, kept):
                if target.exists():
                    os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
                os.fsync(descriptor)
                part.replace(target)
        except BaseException:
            if not os.fstat(descriptor).st_size:
                with contextlib.suppress(OSError):
                    part.unlink()
            raise


def _refuse(path: str, target: Path, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise OutputError(f"{printable(path)} exists; give --overwrite to replace it")


def _discard(descriptor: int, part: Path, overwrite: bool) -> None:
    if os.fstat(descriptor).st_size and not overwrite:
        raise OutputError(
            f"{printable(str(part))} exists: it holds the finished rows of a run that was interrupted. "
            "Move it away to keep them, or give --overwrite to start anew."
        )
    os.ftruncate(descriptor, 0)


def _open_locked(part: Path) -> int:
    """Open `part` with a lock that the system lifts when this process ends, however it ends."""
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise OutputError(
                f"another run is writing {printable(str(part))}; wait for it, or give another file"
            ) from None
        except OSError:
            return descriptor  # a file system without locks, as some network ones are
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), part.stat()):
                return descriptor
        os.close(descriptor)  # the other run renamed it after this one opened it


@contextmanager
def _explained(path: str, kept: str = "") -> Iterator[None]:
    """Turn an OSError other than a closed pipe into an OutputError that names the file and the reason."""
    try:
        yield
    except BrokenPipeError:
        raise
    except FileNotFoundError as error:
        raise OutputError(f"cannot write {printable(path)}: its folder does not exist; create it first") from error
    except OSError as error:
        raise OutputError(f"cannot write {printable(path)}: {error.strerror}{kept}") from error
