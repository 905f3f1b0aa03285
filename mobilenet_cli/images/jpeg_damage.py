"""Where the sound part of a damaged JPEG ends, and whether it is a picture (ITU-T T.81, annex B)."""

from __future__ import annotations

import re

END = b"\xff\xd9"
"""The marker at the end of a picture."""
SCAN = b"\xff\xda"
"""The marker at the beginning of a scan."""
END_OF_A_SCAN = re.compile(rb"\xff[^\0\xd0-\xd7\xff]")
"""A marker, but not a stuffed byte, a restart or a filler."""
_MAY_FOLLOW_A_SCAN = {0xC4, 0xDA, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE}
"""Tables, another scan, the number of lines, the restart interval, and what programs add."""


def sound_end(data: bytes) -> int:
    """Return where the last scan ends before the first thing that cannot be there, or the file's end.

    What is not sought: values that are wrong within a segment.
    """
    place, end = _scan_start(data), len(data)
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker not in _MAY_FOLLOW_A_SCAN or length < 2:
            return end
        place += 2 + length
        if marker == SCAN[1]:
            found = END_OF_A_SCAN.search(data, place)
            place = end = found.start() if found else len(data)
    return end


def without_end(data: bytes) -> bytes:
    """Return the data up to the end marker of the picture; without the zeros that a broken copy leaves there."""
    end = data.find(END, data.find(SCAN, _scan_start(data)))
    return (data if end < 0 else data[:end]).rstrip(b"\0\xff")


def _scan_start(data: bytes) -> int:
    """Return where the first scan begins, past the segments before it, which may hold JPEGs of their own."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        if data[place : place + 2] == SCAN:
            return place
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big") if data[place + 1] != 0xFF else 1
    return 0


def has_coarse_picture(data: bytes) -> bool:
    """Whether a progressive JPEG has its first two kinds of scans whole: all mean values, and waves of luminance."""
    place, scans = _scan_start(data), []
    while (place := data.find(SCAN, place)) >= 0:
        components = data[place + 4] if place + 4 < len(data) else 0
        first = place + 5 + 2 * components
        scans.append(data[first] if first < len(data) else 0)  # its first coefficient
        place += 2
    return 0 in scans[:1] and any(scans[1:-1])
