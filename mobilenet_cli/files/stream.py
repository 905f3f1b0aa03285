"""A file, pipe or device that records are written to: unbuffered, and its errors say what could not be written."""

from __future__ import annotations

import io
import select
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mobilenet_cli.errors import OutputError
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer


class OutputStream(io.FileIO):
    """An unbuffered file whose write() writes everything, and whose errors name it.

    Args:
        descriptor: The file, open for writing.
        path: The name that its errors show.
        closefd: Whether closing it closes the descriptor.
        kept: The end of its errors, which says where the rows written before are.
    """

    def __init__(self, descriptor: int, path: str, *, closefd: bool = True, kept: str = "") -> None:
        super().__init__(descriptor, "wb", closefd=closefd)
        self._path = path
        self._kept = kept

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of `data`. Raises OutputError, or BrokenPipeError where the reader of a pipe has left."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        kept = self._kept if self._kept and self.tell() else ""
        with explained(self._path, kept):
            while rest:
                written = super().write(rest)
                if written is None:  # a pipe that its other user made non-blocking is full
                    select.select([], [self], [])
                else:
                    rest = rest[written:]
        return size


@contextmanager
def explained(path: str, kept: str = "") -> Iterator[None]:
    """Turn an OSError other than a closed pipe into an OutputError that names the file and the reason."""
    try:
        yield
    except BrokenPipeError:
        raise
    except FileNotFoundError as error:
        raise OutputError(f"cannot write {printable(path)}: its folder does not exist; create it first") from error
    except OSError as error:
        raise OutputError(f"cannot write {printable(path)}: {error.strerror or error}{kept}") from error
