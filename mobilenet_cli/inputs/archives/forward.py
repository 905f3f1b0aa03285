"""A stream that is read from its beginning to its end, with a limit on how far it expands."""

from __future__ import annotations

import io
from typing import Any, Protocol

from mobilenet_cli.errors import ImageError
from mobilenet_cli.inputs.archives.archive import ArchiveError, damage

_STEP = 1 << 20
_EXPANSION = 250
"""How many times as large as what was read a stream may become; images hardly compress at all."""
_FREE = 1 << 30
"""Bytes before that is looked at."""


class _Readable(Protocol):
    def read(self, count: int, /) -> bytes: ...


class Counted(io.RawIOBase):
    """A compressed file, with the number of bytes read from it so far.

    Attributes:
        count: Bytes read.
    """

    def __init__(self, file: io.BufferedReader[Any]) -> None:
        super().__init__()
        self._file, self.count = file, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read into a buffer."""
        count = self._file.readinto(buffer)  # type: ignore[arg-type]
        self.count += count
        return count


class Forward:
    """A stream with a position, which only goes forward."""

    def __init__(self, stream: _Readable, compressed: Counted | None = None) -> None:
        """Begin at the stream's beginning.

        Args:
            stream: Read as it comes. Whatever it raises, a decompressor's own errors too, becomes an ArchiveError.
            compressed: What it is decompressed from.
        """
        self._stream, self._compressed = stream, compressed
        self._position = 0

    def tell(self) -> int:
        """Return how many bytes were read or left out."""
        return self._position

    def read(self, count: int) -> bytes:
        """Return the next `count` bytes, or fewer at the end.

        Raises:
            ArchiveError: The stream is damaged, or expands too far.
        """
        pieces = []
        while count and (piece := self._piece(min(count, _STEP))):
            pieces.append(piece)
            count -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seek(self, offset: int) -> int:
        """Leave out what comes before `offset`. Raises as `read` does."""
        if offset < self._position:
            raise ArchiveError("damaged: a member ends before it begins")
        while self._position < offset and self._piece(min(_STEP, offset - self._position)):
            pass
        return self._position

    def _piece(self, count: int) -> bytes:
        try:
            piece = self._stream.read(count)
        except ImageError as error:  # of what it is fetched from
            raise ArchiveError(str(error)) from error
        except Exception as error:  # zlib.error, EOFError, OSError, pyarrow's
            raise ArchiveError(f"damaged or cut off ({damage(error)})") from error
        self._position += len(piece)
        if self._compressed is not None and self._position > _FREE + _EXPANSION * self._compressed.count:
            raise ArchiveError(f"it expands to more than {_EXPANSION} times its size: the rest is not read")
        return piece
