"""Files that arrive in pieces: how much to read at once, and how much is too much."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from mobilenet_cli.errors import ImageError
from mobilenet_cli.remote.failures import is_past_end

MAX_BYTES = 256 << 20
"""The largest image that is read. Larger ones are refused before they fill the memory."""
_PIECE = 1 << 20
_RANGE = 8 << 20


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a file that is to be fetched.

    Attributes:
        begin: The offset of its first byte.
        end: The offset after its last byte; None for the end of the file.
        limited: Whether it may have no more than MAX_BYTES.
    """

    begin: int = 0
    end: int | None = None
    limited: bool = True

    @property
    def header(self) -> str | None:
        """The value of the HTTP header "Range"; None for a whole file."""
        if not self.begin and self.end is None:
            return None
        return f"bytes={self.begin}-{'' if self.end is None else self.end - 1}"


WHOLE_IMAGE = Span()


def check_size(size: int | None) -> None:
    """Raise an ImageError if a file of this many bytes is too large."""
    if size is not None and size > MAX_BYTES:
        raise ImageError(f"too large: the limit is {MAX_BYTES >> 20} MiB")


async def filled(read: Callable[[int], Awaitable[bytes]]) -> bytes:
    """Read until a piece is full: streams often return less at once, and each call from another thread is costly."""
    piece = bytearray()
    while len(piece) < _PIECE and (some := await read(_PIECE - len(piece))):
        piece += some
    return bytes(piece)


def ranges(read: Callable[[int, int], bytes], span: Span) -> Iterator[bytes]:
    """Yield a part of a file in ranges, without asking for its size first: most images fit into one range."""
    start = span.begin
    while span.end is None or start < span.end:
        end = start + _RANGE if span.end is None else min(start + _RANGE, span.end)
        try:
            piece = read(start, end)
        except Exception as error:
            if is_past_end(error):
                return
            raise
        yield piece
        start += len(piece)
        if start < end:
            return
