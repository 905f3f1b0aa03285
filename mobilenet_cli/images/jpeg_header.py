"""A JPEG's header without what makes reading it slow: hundreds of segments of one kind, and padding between them.

Pillow reads padding byte by byte, and adds up Exif segments by copying all before them each time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from mobilenet_cli.errors import ImageError

_MOST_SEGMENTS = 512
"""How many segments a header may have that is read as it is. A large colour profile has 255."""
_MOST_OF_A_KIND, _MOST_EXIF = 256, 16
"""How many segments of one marker are kept, and how many of them may be Exif."""
_SCAN, _EXIF = 0xDA, b"Exif\0\0"
_BARE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""
_TO_DROP = {*range(0xE0, 0xF0), 0xFE}
"""What programs add, and comments."""
_MARKER = re.compile(rb"\xff[^\0\xff]")


def lean(data: bytes) -> bytes:
    """Return a JPEG with a header that is read in no time: the same one where it has it already.

    Raises:
        ImageError: It has very many tables.
    """
    place = 2
    for _ in range(_MOST_SEGMENTS):
        marker = data[place : place + 2]
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] in (0, 0xFF):
            break
        if marker[1] == _SCAN:
            return data
        place += 2 if marker[1] in _BARE else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return data[:2] + b"".join(_kept(data))


def _kept(data: bytes) -> Iterator[bytes]:
    """Yield the segments that are kept, and from the first scan on all of the file."""
    counts: Counter[int] = Counter()
    place, exif = 2, 0
    while (found := _MARKER.search(data, place)) is not None:
        place, marker = found.start(), data[found.start() + 1]
        if marker == _SCAN:
            yield data[place:]
            return
        if marker in _BARE:
            place += 2
            continue
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        is_exif = data.startswith(_EXIF, place + 4)
        counts[marker] += 1
        exif += is_exif
        if counts[marker] <= _MOST_OF_A_KIND and not (is_exif and exif > _MOST_EXIF):
            yield data[place:end]
        elif marker not in _TO_DROP:
            raise ImageError(f"the image is damaged (a JPEG with more than {_MOST_OF_A_KIND} tables of a kind)")
        place = max(end, place + 2)
