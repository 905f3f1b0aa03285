"""A URL → its file, to be read anywhere: in blocks, the last of which are kept."""

from __future__ import annotations

import io
from collections import OrderedDict
from typing import Any

from mobilenet_cli.remote.object_stores import store_of
from mobilenet_cli.remote.patience import Patience
from mobilenet_cli.remote.pieces import Span
from mobilenet_cli.remote.retries import attempt

_BLOCK = 8 << 20
_KEPT = 3
"""Blocks: one at the file's end, where the directory is, and those at which it is read."""


class RemoteFile(io.RawIOBase):
    """A file at a URL. Making one, and reading, raises an ImageError where it cannot be fetched."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self._patience = url, Patience()
        self._store = store_of(url, self._patience)
        self._size = attempt(lambda: self._store.size(url, self._patience), self._patience, self._store.tries)
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position. Raises an OSError where it would be before the beginning, as a file does."""
        position = offset + (0, self._position, self._size)[whence]
        if position < 0:
            raise OSError(22, "Invalid argument")
        self._position = position
        return position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, or all that are left, or fewer at the end."""
        left = max(0, self._size - self._position)
        count = left if size is None or size < 0 else min(size, left)
        pieces = []
        while count:
            number, begin = divmod(self._position, _BLOCK)
            piece = self._block(number)[begin : begin + count]
            pieces.append(piece)
            self._position += len(piece)
            count -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            begin = number * _BLOCK
            end = min(begin + _BLOCK, self._size)

            def fetched() -> bytes:
                data = b"".join(self._store.pieces(self._url, self._patience, Span(begin, end, limited=False)))
                if len(data) != end - begin:
                    raise ConnectionError("the block has another length")
                return data

            self._blocks[number] = attempt(fetched, self._patience, self._store.tries)
            if len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]
