"""Standard input, read without Python's buffer.

A thread that waits for a pipe holds that buffer's lock, which the end of the program would then wait for; and a
buffered read waits for more than what is there.
"""

from __future__ import annotations

import io
import select
import sys

STDIN = "-"
"""What stands for standard input where a file can be named."""


def open_stdin() -> io.FileIO:
    """Return standard input as an unbuffered stream, whose closing leaves it open.

    Raises:
        OSError, ValueError, AttributeError: The process has none, or it is closed.
    """
    return io.FileIO(sys.stdin.fileno(), closefd=False)


def read_some(stream: io.FileIO, size: int) -> bytes:
    """Return up to `size` bytes as soon as there are some, b"" at the end; also of a pipe set to non-blocking."""
    while (data := stream.read(size)) is None:
        select.select([stream], [], [])
    return data


def read_all(stream: io.FileIO) -> bytes:
    """Return what there is up to the end."""
    return b"".join(iter(lambda: read_some(stream, 1 << 20), b""))
