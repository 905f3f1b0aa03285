"""A URL → its file as a stream: one request, and another from where it broke off."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from mobilenet_cli.remote.object_stores import store_of
from mobilenet_cli.remote.patience import Patience
from mobilenet_cli.remote.pieces import Span
from mobilenet_cli.remote.retries import attempt


class RemoteStream(io.RawIOBase):
    """The bytes of a file, in their order. Reading raises an ImageError where they cannot be fetched."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self._patience = url, Patience()
        self._store = store_of(url, self._patience)
        self._pieces: Iterator[bytes] | None = None
        self._piece = memoryview(b"")
        self._fetched = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is, up to the buffer's length; 0 at the end."""
        if not self._piece:
            self._piece = memoryview(attempt(self._next, self._patience, self._store.tries))
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def close(self) -> None:
        """End the request."""
        self._pieces = None
        super().close()

    def _next(self) -> bytes:
        if self._pieces is None:
            self._pieces = self._store.pieces(self._url, self._patience, Span(self._fetched, None, limited=False))
        try:
            piece = next(self._pieces, b"")
        except BaseException:
            self._pieces = None
            raise
        self._fetched += len(piece)
        return piece
