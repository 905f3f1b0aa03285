"""Progressive JPEGs at an eighth of their size, without the scans that change no pixel there.

Of each block of 8 x 8 samples, one that is decoded at 1/8 needs the mean alone (the DC coefficient), and the scans with
the waves (the AC coefficients) are most of the file. (ITU-T T.81, annexes B and G.)

Where scans are missing, libjpeg estimates the waves from the neighbouring means, which would change pixels. It does so
by dividing by quantisers, and not at all where one is 0; so one is made 0 that no pixel depends on, neither at 1/8 nor
at 1/4, at which coarse colours are decoded: that of the wave with two periods down and none across.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mobilenet_cli.images.jpeg_damage import END_OF_A_SCAN

_PROGRESSIVE, _QUANTISERS, _END, _SCAN = 0xC2, 0xDB, 0xD9, 0xDA
_OTHER_FRAMES = {0xC0, 0xC1, 0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xD0)} - {0xCC}
_UNUSED = 3
"""Which of a table's quantisers is unused, in the order of the file."""


@dataclass(slots=True)
class _Component:
    """One of a frame's components.

    Attributes:
        across: Its samples a unit of the frame, horizontally.
        down: Vertically.
        bits_missing: Of each coefficient, how many low bits the scans so far have left out; -1: all.
    """

    across: int
    down: int
    bits_missing: list[int] = field(default_factory=lambda: [-1] * 64)


class _OddError(Exception):
    """The file is damaged, or not as it is known here."""


def for_an_eighth(data: bytes) -> bytes | None:
    """Return a JPEG that has the same pixels when libjpeg decodes it at 1/8, in less time.

    Args:
        data: A progressive JPEG.

    Returns:
        The JPEG; None where none is found: the file is damaged, cut off, or some of its scans are not in it.
    """
    try:
        return b"".join(_shortened(data))
    except (_OddError, IndexError, ValueError):
        return None


def _shortened(data: bytes) -> Iterator[bytes]:
    components: dict[int, _Component] = {}
    yield data[:2]
    for marker, content, entropy in _segments(data):
        if marker in _OTHER_FRAMES or (marker == _PROGRESSIVE and components):
            raise _OddError
        if marker == _PROGRESSIVE:
            components = _components(content)
        if marker != _SCAN or _is_needed(content, components):
            changed = _without_unused(content) if marker == _QUANTISERS else content
            yield bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + changed + entropy
    if not components or any(any(each.bits_missing) for each in components.values()):
        raise _OddError
    yield bytes([0xFF, _END])


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each segment's marker and content up to the end marker, and of a scan also the data behind it."""
    place = 2
    while True:
        while data[place] == 0xFF and data[place + 1] == 0xFF:
            place += 1
        marker = data[place + 1]
        if marker == _END:
            return
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        content = data[place + 4 : place + 2 + length]
        if data[place] != 0xFF or marker < 0xC0 or 0xD0 <= marker < 0xD9 or not content or len(content) != length - 2:
            raise _OddError
        start = place = place + 2 + length
        if marker == _SCAN:
            end = END_OF_A_SCAN.search(data, start)
            if end is None:
                raise _OddError
            place = end.start()
        yield marker, content, data[start:place]


def _components(frame: bytes) -> dict[int, _Component]:
    """Return a frame's components by their names."""
    parts = [frame[start : start + 3] for start in range(6, 6 + 3 * frame[5], 3)]
    components = {name: _Component(sampling >> 4, sampling & 15) for name, sampling, _ in parts}
    sizes = {size for each in components.values() for size in (each.across, each.down)}
    if len(components) != frame[5] or not sizes <= {1, 2}:  # with 4, colours are decoded at 1/2
        raise _OddError
    return components


def _without_unused(tables: bytes) -> bytes:
    """Return quantisation tables whose unused quantiser is 0."""
    changed, place = bytearray(tables), 0
    while place < len(tables):
        width = 2 if tables[place] >> 4 else 1
        first = place + 1 + _UNUSED * width
        changed[first : first + width] = bytes(width)
        place += 1 + 64 * width
    if place != len(tables) or len(changed) != len(tables):
        raise _OddError
    return bytes(changed)


def _is_needed(scan: bytes, components: dict[int, _Component]) -> bool:
    """Note what a scan brings, and return whether a pixel depends on it."""
    count = scan[0]
    names = scan[1 : 1 + 2 * count : 2]
    first, last, bits = scan[1 + 2 * count : 4 + 2 * count]
    if last > 63 or any(name not in components for name in names):
        raise _OddError
    for name in names:
        components[name].bits_missing[first : last + 1] = [bits & 15] * (last + 1 - first)
    return first == 0 or count > 1 or _has_waves(components[names[0]], components)


def _has_waves(component: _Component, components: dict[int, _Component]) -> bool:
    """Whether libjpeg decodes a component at 1/4: it does where that has half of another's samples, both ways."""
    widest = max(each.across for each in components.values())
    highest = max(each.down for each in components.values())
    return widest == 2 * component.across and highest == 2 * component.down
