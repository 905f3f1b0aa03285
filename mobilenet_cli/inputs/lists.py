"""Lists of paths in a file or a pipe, one a line or separated by NUL bytes, read as they come."""

from __future__ import annotations

from collections.abc import Iterator
from os import fsdecode
from pathlib import Path

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.stdin import STDIN, named, opened, read_some

_CHUNK = 1 << 16
_LONGEST = 1 << 20
"""Bytes of a path that no system has: what is longer is another kind of file."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_list(file: str, *, null: bool = False) -> Iterator[str]:
    r"""Yield the paths in `file`, each as soon as it has been written there, in constant memory.

    A path is whatever stands between two separators, spaces and quotes included; empty ones are skipped, and
    the last needs no separator. Bytes that are not UTF-8 are kept as `os.fsdecode` keeps them.

    Args:
        file: A file's name, or "-" for standard input.
        null: Each path ends with a NUL byte, as `find -print0` writes them, so that it can have every byte
            that a path may have. Otherwise with a newline, where a "\r" before it and a byte order mark before
            the first path are taken as signs of a list from Windows.

    Raises:
        InputError: It cannot be read, or is no such list.
    """
    separator = b"\0" if null else b"\n"
    first, rest = not null, b""
    with opened(file, "the list") as stream:
        while chunk := read_some(stream, _CHUNK):
            *paths, rest = (rest + chunk).split(separator)
            _check(file, null, chunk, rest)
            if first and paths:
                paths[0], first = paths[0].removeprefix(_BYTE_ORDER_MARK), False
            yield from _decoded(paths, null)
    yield from _decoded([rest.removeprefix(_BYTE_ORDER_MARK) if first else rest], null)


def can_be_read_twice(file: str) -> bool:
    """Tell whether reading the list `file` takes nothing away from another reader: not so for a pipe."""
    return file != STDIN and Path(file).is_file()


def _check(file: str, null: bool, chunk: bytes, rest: bytes) -> None:
    """Refuse what is no list of this kind, so that it gives one message and not a thousand failed images."""
    if not null and b"\0" in chunk:
        raise InputError(
            f"the list in {named(file)} has NUL bytes, which no path has; "
            "if they separate the paths, give --null (-0), else it is not plain text in UTF-8"
        )
    if len(rest) > _LONGEST:
        advice = "; if the paths are one a line, leave --null (-0) out" if null else ""
        raise InputError(f"{named(file)} is no list of paths: one would be longer than {_LONGEST:,} bytes{advice}")


def _decoded(paths: list[bytes], null: bool) -> Iterator[str]:
    for path in paths:
        if kept := path if null else path.removesuffix(b"\r"):
            yield fsdecode(kept)
