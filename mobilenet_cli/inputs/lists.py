"""Lists of paths in a file or a pipe, one per line or separated by NUL bytes, read as they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from os import fsdecode
from pathlib import Path

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.stdin import STDIN, named, opened, read_some

_CHUNK = 1 << 16
_LONGEST = 1 << 20
"""Bytes of a path that no system allows: a file with a longer one is not a list."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_list(file: str, *, null: bool = False) -> Iterator[str]:
    r"""Yield the paths in `file`, each as soon as it arrives, in constant memory.

    A path is everything between two separators, including spaces and quotes; empty ones are skipped, and the last
    needs no separator. Bytes that are not UTF-8 are kept as `os.fsdecode` keeps them.

    Args:
        file: A path, or "-" for standard input.
        null: Whether each path ends with a NUL byte, as from `find -print0`, and may contain every other byte.
            Otherwise each ends with a newline, and the "\r" before it and the byte order mark before the first
            path that lists from Windows have are skipped.

    Raises:
        InputError: The file cannot be read, or is not such a list.
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
    """Return whether `file` can be read again from its start, unlike a pipe."""
    return file != STDIN and Path(file).is_file()


def _check(file: str, null: bool, chunk: bytes, rest: bytes) -> None:
    """Raise one InputError for a file that is not such a list, instead of a thousand failed images."""
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
