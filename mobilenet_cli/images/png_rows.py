"""The rows of a PNG before the place where it is cut off or damaged."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CheckedChunk = tuple[bytes, bytes, bool]
"""A chunk's type and data, and whether its checksum is right."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of each colour type."""
_STEP = 1 << 12
"""How many packed bytes are unpacked at a time: what is unpacked in the step that meets the damage is lost."""


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The rows that are there.

    Attributes:
        data: All rows as a PNG packs them, each behind its filter's number; the missing ones are zeros.
        share: The share of the rows that are there, 0 to 1.
        is_damaged: Whether the file is damaged there, not cut off.
    """

    data: bytes
    share: float
    is_damaged: bool


def first_rows(chunks: Sequence[CheckedChunk]) -> FirstRows | None:
    """Return the rows before the first chunk of pixels that is cut off or has a wrong checksum.

    None where the image is interlaced, or its header is damaged.
    """
    header = next((content for kind, content, _ in chunks if kind == b"IHDR"), b"")
    if len(header) != 13:
        return None
    width, height, depth, colours, _, _, is_interlaced = struct.unpack(">2I5B", header)
    if is_interlaced or colours not in _CHANNELS:
        return None
    row = 1 + (width * _CHANNELS[colours] * depth + 7) // 8
    there = b"".join(_unpacked(chunks, height * row))
    rows = len(there) // row
    is_cut_off = chunks[-1][0] == b"IDAT"
    return FirstRows(there[: rows * row].ljust(height * row, b"\0"), rows / height, not is_cut_off)


def _unpacked(chunks: Sequence[CheckedChunk], most: int) -> Iterator[bytes]:
    """Yield unpacked bytes, `most` at most, up to the damage."""
    unpacker = zlib.decompressobj()
    for number, (kind, content, is_right) in enumerate(chunks):
        if kind != b"IDAT":
            continue
        # The last chunk of a file that is cut off has no checksum.
        if not is_right and number < len(chunks) - 1:
            return
        for start in range(0, len(content), _STEP):
            try:
                data = unpacker.decompress(content[start : start + _STEP], most)
            except zlib.error:
                return
            yield data
            most -= len(data)
            if most <= 0:
                return
