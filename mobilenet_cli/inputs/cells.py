"""A cell that names an image, as other systems write it: another spelling of a path, or the image itself."""
# Paths stay the strings that were typed: a Path would rewrite "./a" and "a//b".
# ruff: noqa: PTH118

from __future__ import annotations

import base64
import binascii
import os
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from mobilenet_cli.records import Source

MAX_DATA = 8 << 20
"""Bytes of an image in a cell. Dozens of rows are read ahead, and each is in memory with its image."""
_DATA = re.compile(r"\s*data:([^,]{0,200}),", re.IGNORECASE)
_SHOWN = 40


def is_data(cell: str) -> bool:
    """Return whether a cell is a `data:` URI: an image itself, not its path."""
    return _DATA.match(cell) is not None


def data_of(cell: str) -> Source:
    """Return the image in a `data:` URI, with an error if it cannot be decoded. Its path is the URI's beginning."""
    shown = cell.strip()
    path = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    match = _DATA.match(cell)
    if match is None:
        return Source(path, error="not a data: URI")
    content = cell[match.end() :]
    if len(content) > MAX_DATA * 4 // 3 + 4:
        return Source(path, error=f"too large: an image in a cell has at most {MAX_DATA >> 20} MiB")
    data = unquote_to_bytes(content)
    if match[1].strip().lower().endswith(";base64"):
        letters = b"".join(data.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        try:
            data = base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
        except binascii.Error:
            return Source(path, error="its base64 is damaged")
    return Source(path, data=data) if data else Source(path, error="there is no image behind data:")


def existing(folder: str, cell: str, encoding: str) -> str:
    """Return the path of the file that a cell names, relative to `folder`; as it is written if there is no file.

    Tried in this order: the path as it is; each of its names with accents composed (NFC) or decomposed (NFD), or
    with the bytes of the table, whose encoding is given; the same with "/" for a backslash.
    """
    path = os.path.join(folder, cell)
    if _exists(path):
        return path
    for spelling in dict.fromkeys((cell, cell.replace("\\", "/"))):
        if (cell != spelling or not cell.isascii()) and (found := _respelt(folder, spelling, encoding)) is not None:
            return found
    return path


def _respelt(folder: str, cell: str, encoding: str) -> str | None:
    path = folder
    for number, name in enumerate(cell.split("/")):
        if number == 0 and not name:
            path = "/"
            continue
        tried = (os.path.join(path, each) for each in _spellings(name, encoding))
        if (found := next(filter(_exists, tried), None)) is None:
            return None
        path = found
    return path


def _spellings(name: str, encoding: str) -> Iterator[str]:
    yield name
    if not name.isascii():
        yield unicodedata.normalize("NFC", name)
        yield unicodedata.normalize("NFD", name)
        try:
            yield os.fsdecode(name.encode(encoding))
        except UnicodeEncodeError:
            return


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path or ".")
    except ValueError:  # a NUL in the name
        return False
