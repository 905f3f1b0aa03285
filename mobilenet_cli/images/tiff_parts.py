"""A part of a TIFF's page as a TIFF of its own: the strips or tiles that a box lies in, and no others.

Strips and tiles are packed each for itself, so they are copied as they are. (TIFF 6.0; BigTIFF for 64-bit places.)
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import IO, Any

from mobilenet_cli.images.scaling import Box

_WIDTH, _HEIGHT, _COMPRESSION, _PLANES = 256, 257, 259, 284
_STRIP_OFFSETS, _STRIP_ROWS, _STRIP_SIZES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES = 322, 323, 324, 325
_POINTERS = (288, 289, 330, 513, 514, 519, 520, 521, 34665, 34853, 40965)
"""Tags that say where something else lies, which is not copied."""
_OLD_JPEG = 6
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value of each type."""
_SHORT, _LONG = 3, 4
_INTEGERS = {1: "B", _SHORT: "H", _LONG: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_VALUES = 1 << 24


class NoPartError(Exception):
    """The page has no parts that can be distinguished, or its tags are damaged."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page.

    Attributes:
        file: A TIFF whose one page it is.
        left: Where it begins in the page, in pixels.
        top: The same, vertically.
        share: How much of the page it is, 0 to 1.
    """

    file: IO[bytes]
    left: int
    top: int
    share: float


@dataclass(frozen=True, slots=True)
class _Grid:
    """How a page is cut: into `across` by `down` strips or tiles of `wide` by `high` pixels, and the tags for them."""

    wide: int
    high: int
    across: int
    down: int
    offsets: int
    sizes: int


def part(stream: IO[bytes], place: int, box: Box, *, without: int | None = None) -> Part:
    """Return the part of the page whose tags are at `place` that `box` lies in, without the tag `without`.

    Raises:
        NoPartError: There is none.
    """
    tags = Tags(stream, place)
    grid = _grid(tags)
    width, height = tags.number(_WIDTH), tags.number(_HEIGHT)
    columns = range(int(box[0]) // grid.wide, min(grid.across, ceil(box[2] / grid.wide)))
    lines = range(int(box[1]) // grid.high, min(grid.down, ceil(box[3] / grid.high)))
    if not columns or not lines or columns.start < 0 or lines.start < 0:
        raise NoPartError
    pieces = [line * grid.across + column for line in lines for column in columns]
    offsets, sizes = tags.numbers(grid.offsets), tags.numbers(grid.sizes)
    data = []
    for piece in pieces:
        stream.seek(offsets[piece])
        data.append(stream.read(sizes[piece]))
    left, top = columns.start * grid.wide, lines.start * grid.high
    tags.set(_WIDTH, [min(width, columns.stop * grid.wide) - left])
    tags.set(_HEIGHT, [min(height, lines.stop * grid.high) - top])
    if without is not None:
        tags.leave_out(without)
    return Part(_file(tags, grid, data), left, top, len(pieces) / (grid.across * grid.down))


def _grid(tags: Tags) -> _Grid:
    width, height = tags.number(_WIDTH), tags.number(_HEIGHT)
    if tags.number(_PLANES, 1) != 1 or tags.number(_COMPRESSION, 1) == _OLD_JPEG or width < 1 or height < 1:
        raise NoPartError
    if tags.number(_TILE_WIDTH):
        wide, high = tags.number(_TILE_WIDTH), tags.number(_TILE_HEIGHT)
        offsets, sizes = _TILE_OFFSETS, _TILE_SIZES
    else:
        wide, high = width, min(tags.number(_STRIP_ROWS, height) or height, height)
        offsets, sizes = _STRIP_OFFSETS, _STRIP_SIZES
    if wide < 1 or high < 1:
        raise NoPartError
    across, down = -(-width // wide), -(-height // high)
    if not across * down == len(tags.numbers(offsets)) == len(tags.numbers(sizes)):
        raise NoPartError
    return _Grid(wide, high, across, down, offsets, sizes)


class Tags:
    """The tags of a page, each with its type and its bytes."""

    def __init__(self, stream: IO[bytes], place: int) -> None:
        stream.seek(0)
        head = stream.read(8)
        self.order = "<" if head[:1] == b"I" else ">"
        is_big = b"+" in head[2:4]
        counts, entry = ("Q", "HHQ8s") if is_big else ("H", "HHI4s")
        stream.seek(place)
        try:
            (count,) = self._unpack(counts, stream.read(struct.calcsize(f"<{counts}")))
            size = struct.calcsize(f"<{entry}")
            entries = stream.read(min(count, 4096) * size)
            self._values = dict[int, tuple[int, bytes]]()
            self._left = stream.seek(0, 2)  # bytes: tags that lie over each other would have more than the file
            for start in range(0, len(entries), size):
                tag, kind, number, value = self._unpack(entry, entries[start : start + size])
                self._values[tag] = kind, self._value(stream, kind, number, value)
        except struct.error as error:
            raise NoPartError from error

    def _unpack(self, layout: str, data: bytes) -> tuple[Any, ...]:
        return struct.unpack(self.order + layout, data)

    def _value(self, stream: IO[bytes], kind: int, number: int, value: bytes) -> bytes:
        size = _SIZES.get(kind, 1) * number
        if size <= len(value):
            return value[:size]
        self._left -= size
        if number > _MOST_VALUES or self._left < 0:
            raise NoPartError
        (place,) = self._unpack("Q" if len(value) == 8 else "I", value)
        stream.seek(place)
        return stream.read(size)

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return a tag's whole numbers; none where it has others, or is not there."""
        kind, data = self._values.get(tag, (0, b""))
        letter = _INTEGERS.get(kind)
        return self._unpack(f"{len(data) // _SIZES[kind]}{letter}", data) if letter else ()

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first of them."""
        return next(iter(self.numbers(tag)), default)

    def set(self, tag: int, numbers: Sequence[int]) -> None:
        """Give a tag other numbers."""
        self._values[tag] = _LONG, struct.pack(f"{self.order}{len(numbers)}I", *numbers)

    def leave_out(self, tag: int) -> None:
        """Leave out a tag, if there is one."""
        self._values.pop(tag, None)

    def written(self, place: int) -> bytes:
        """Return the tags as they are written to `place` in a file that is not big."""
        for tag in _POINTERS:
            self.leave_out(tag)
        for tag, (kind, _) in list(self._values.items()):
            if kind >= 16:  # numbers of 64 bits
                self.set(tag, [min(number, 0xFFFFFFFF) for number in self.numbers(tag)])
        entries, behind = b"", b""
        start = place + 2 + 12 * len(self._values) + 4
        for tag, (kind, data) in sorted(self._values.items()):
            value = data.ljust(4, b"\0")
            if len(data) > 4:
                value = struct.pack(f"{self.order}I", start + len(behind))
                behind += data + b"\0" * (len(data) % 2)
            entries += struct.pack(f"{self.order}HHI", tag, kind, len(data) // _SIZES.get(kind, 1)) + value
        return struct.pack(f"{self.order}H", len(self._values)) + entries + bytes(4) + behind


def _file(tags: Tags, grid: _Grid, data: list[bytes]) -> IO[bytes]:
    """Return a TIFF of these strips or tiles."""
    offsets, place = [], 8
    for piece in data:
        offsets.append(place)
        place += len(piece)
    tags.set(grid.offsets, offsets)
    tags.set(grid.sizes, [len(piece) for piece in data])
    gap = place % 2
    head = (b"II*\0" if tags.order == "<" else b"MM\0*") + struct.pack(f"{tags.order}I", place + gap)
    return io.BytesIO(b"".join([head, *data, bytes(gap), tags.written(place + gap)]))
