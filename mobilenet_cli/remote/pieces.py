"""Files that arrive in pieces: how much to read at once, and how much is too much."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from mobilenet_cli.errors import ImageError

MAX_BYTES = 256 << 20
"""The largest image that is read. Larger ones are refused before they fill the memory."""
_PIECE = 1 << 20
_RANGE = 8 << 20


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


def ranges(read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """Yield a file in ranges, without asking for its size first: most images fit into one range."""
    start = 0
    while True:
        try:
            piece = read(start, start + _RANGE)
        except Exception as error:
            if getattr(error, "code", None) == 416:  # nothing is left
                return
            raise
        yield piece
        start += len(piece)
        if len(piece) < _RANGE:
            return
