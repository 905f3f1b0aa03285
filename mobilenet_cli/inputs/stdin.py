"""Standard input, read without Python's buffer.

A thread that waits for a pipe holds the buffer's lock, and the program could not end before it is released; and a
buffered read waits for more than has arrived.
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
"""The file name that stands for standard input."""


def open_stdin() -> io.FileIO:
    """Return standard input as an unbuffered stream. Closing the stream leaves standard input open.

    Raises:
        OSError, ValueError, AttributeError: The process has no standard input, or it is closed.
    """
    return io.FileIO(sys.stdin.fileno(), closefd=False)


def named(file: str) -> str:
    """Return the name that messages use for a file or for `STDIN`."""
    return "standard input" if file == STDIN else printable(file)


@contextmanager
def opened(file: str, what: str) -> Iterator[io.FileIO]:
    """Open a file or standard input unbuffered: a read returns what has arrived, and holds no lock.

    Args:
        file: A path, or "-" for standard input.
        what: What messages call the content, such as "the list".

    Raises:
        InputError: It cannot be opened, or reading it in the block fails.
    """
    try:
        with open_stdin() if file == STDIN else io.FileIO(file) as stream:
            yield stream
    except (OSError, ValueError, AttributeError) as error:  # AttributeError: the process has no standard input
        reason = "it is closed" if isinstance(error, AttributeError) else getattr(error, "strerror", None) or error
        raise InputError(f"{what} in {named(file)} cannot be read: {reason}") from error


def read_some(stream: io.FileIO, size: int) -> bytes:
    """Return up to `size` bytes as soon as there are some, b"" at the end; also from a non-blocking pipe."""
    while (data := stream.read(size)) is None:
        select.select([stream], [], [])
    return data


def read_all(stream: io.FileIO) -> bytes:
    """Return all bytes up to the end."""
    return b"".join(iter(lambda: read_some(stream, 1 << 20), b""))
