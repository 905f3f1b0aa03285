"""Standard input, read without Python's buffer.

A thread that waits for a pipe holds that buffer's lock, which the end of the program would then wait for; and a
buffered read waits for more than what is there.
"""

from __future__ import annotations

import io
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mobilenet_cli.errors import InputError
from mobilenet_cli.text import printable

STDIN = "-"
"""What stands for standard input where a file can be named."""


def open_stdin() -> io.FileIO:
    """Return standard input as an unbuffered stream, whose closing leaves it open.

    Raises:
        OSError, ValueError, AttributeError: The process has none, or it is closed.
    """
    return io.FileIO(sys.stdin.fileno(), closefd=False)


def named(file: str) -> str:
    """Return what messages call the file that is read, `STDIN` or another."""
    return "standard input" if file == STDIN else printable(file)


@contextmanager
def opened(file: str, what: str) -> Iterator[io.FileIO]:
    """Open a file, or standard input, unbuffered: a read returns what is there, and holds no lock.

    Raises:
        InputError: It cannot be opened or read; the message calls what is in it `what`.
    """
    try:
        with open_stdin() if file == STDIN else io.FileIO(file) as stream:
            yield stream
    except (OSError, ValueError, AttributeError) as error:  # AttributeError: the process has no standard input
        reason = "it is closed" if isinstance(error, AttributeError) else getattr(error, "strerror", None) or error
        raise InputError(f"{what} in {named(file)} cannot be read: {reason}") from error


def read_some(stream: io.FileIO, size: int) -> bytes:
    """Return up to `size` bytes as soon as there are some, b"" at the end; also of a pipe set to non-blocking."""
    while (data := stream.read(size)) is None:
        select.select([stream], [], [])
    return data


def read_all(stream: io.FileIO) -> bytes:
    """Return what there is up to the end."""
    return b"".join(iter(lambda: read_some(stream, 1 << 20), b""))
