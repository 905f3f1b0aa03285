"""A Source → a stream of its encoded image, which never blocks for ever and keeps to what it was asked to read."""

from __future__ import annotations

import io
import os
from typing import IO, TYPE_CHECKING

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import guard
from mobilenet_cli.machine.paths import not_a_file
from mobilenet_cli.records import Elsewhere, Source
from mobilenet_cli.remote.urls import is_url

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What an operating system lacks of these is 0. O_NOCTTY: a terminal that is opened does not become ours.
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


class _File(io.FileIO):
    """A file that remembers why reading it failed: decoders turn the error into one of their own, or swallow it."""

    failure: OSError | None = None

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        try:
            count = super().readinto(buffer)
        except OSError as error:
            self.failure = error
            raise
        return self._there(count)

    def readall(self) -> bytes:
        try:
            data = super().readall()
        except OSError as error:
            self.failure = error
            raise
        self._there(data)
        return data

    def _there(self, result: object) -> int:
        """Return what was read; None is what a file gives that has nothing now, as those of the kernel's logs."""
        if result is None:
            self.failure = OSError(None, "not a regular file: it waits for something to read")
            raise self.failure
        return result if isinstance(result, int) else 0


class Stream:
    """An open Source.

    Attributes:
        file: Its encoded image.
    """

    def __init__(self, source: Source) -> None:
        """Open it.

        Raises:
            ImageError: It is not a regular file, cannot be fetched, or has an error already.
            Exception: It cannot be opened or read.
        """
        if source.error is not None:
            raise ImageError(source.error)
        self._raw: _File | None = None
        self.file = self._opened(source)

    @property
    def failure(self) -> OSError | None:
        """Why the file could not be read, in spite of what its decoder made of that."""
        return None if self._raw is None else self._raw.failure

    def close(self) -> None:
        """Close it."""
        self.file.close()

    def _opened(self, source: Source) -> IO[bytes]:
        path = source.path
        if source.data is not None:
            return io.BytesIO(source.data)
        if isinstance(source.content, Elsewhere):
            path = source.content.path
        elif source.content is not None:
            with guard().paused():  # who reads it has time limits of its own
                return io.BytesIO(source.content.read())
        if is_url(path):
            from mobilenet_cli.remote.fetch import fetch

            with guard().paused():
                return io.BytesIO(fetch(path))
        if "\0" in path:
            raise FileNotFoundError
        self._raw = _File(_descriptor(path))
        return io.BufferedReader(self._raw)


def _descriptor(path: str) -> int:
    """Open a regular file; what was opened is looked at once more, since a name may lead elsewhere a moment later."""
    if problem := not_a_file(os.stat(path).st_mode):  # noqa: PTH116
        raise ImageError(problem)  # unopened: some devices act when they are opened
    descriptor = os.open(path, _FLAGS)  # without O_NONBLOCK, a FIFO put in its place would wait for a writer
    try:
        if problem := not_a_file(os.fstat(descriptor).st_mode):
            raise ImageError(problem)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
