"""JPEG 2000, by Pillow (OpenJPEG), at a smaller resolution where that is enough, and with its colour space."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.flaws import add_warning
from mobilenet_cli.images.footprint import encoded_size
from mobilenet_cli.images.scaling import Box, Size, spare

_CODESTREAM = b"\xff\x4f\xff\x51"
"""The markers that the codestream begins with: SOC and SIZ."""
_HEAD = 1 << 22
_BYTES_PER_PIXEL = 24
_ENUMERATED, _PROFILES = 1, (2, 3)
"""Methods of naming a colour space."""
_LAB, _KNOWN_SPACES = 14, {0, 12, 15, 16, 17, 18}
"""Numbers of colour spaces: of the known ones, OpenJPEG and Pillow make black on white, grey, CMYK, or sRGB."""
_CODING_STYLE, _OF_A_COMPONENT, _TILE, _DATA, _END = 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
"""Markers of ISO 15444-1: COD, COC, SOT, SOD and EOC."""


class Jpeg2000File(Jpeg2KImageFile):
    """A JPEG 2000 that is decoded at a smaller resolution where that is enough."""

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        self.fp.seek(0)
        self._note_colours(*_colours(self.fp.read(_HEAD)))

    def _note_colours(self, method: int, content: bytes) -> None:
        """Note the colour space that the container names, and refuse or warn of those that are not converted."""
        if method in _PROFILES:
            self.info["icc_profile"] = content
        elif method == _ENUMERATED and (number := int.from_bytes(content[:4], "big")) not in _KNOWN_SPACES:
            if number == _LAB:
                raise ImageError("a JPEG 2000 of a kind that cannot be read (Lab)")
            add_warning(self, f"its colour space (number {number} of JPEG 2000) was taken for sRGB")

    def fit(self, box: Box, size: Size) -> Box:
        """Choose the smallest of the file's resolutions that has `box` in `size` pixels: see `scaling.Fitting`."""
        full = self.size
        halvings = self._halvings()
        while halvings and spare(_halved_box(box, full, halvings), size) < 1:
            halvings -= 1
        if halvings:
            # Not by Pillow's own `reduce`, which rounds sizes to the nearest: the standard rounds them up.
            self._size = _halved(full, halvings)
            name, _, place, options = self.tile[0]
            assert isinstance(options, tuple)  # noqa: S101 - of codec, halvings, layers, file and length
            self.tile = [ImageFile._Tile(name, (0, 0, *self.size), place, (options[0], halvings, *options[2:]))]
        return _halved_box(box, full, halvings)

    def footprint(self, full: Size) -> int:
        """Return the bytes that decoding takes: see `footprint.Weighed`."""
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        return 2 * encoded_size(self.fp) + _BYTES_PER_PIXEL * self.width * self.height

    def _halvings(self) -> int:
        """Return how often the picture may be halved."""
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        self.fp.seek(0)
        data = self.fp.read()
        start = data.find(_CODESTREAM)
        if start < 0 or any(data[start + 16 : start + 24]):
            return 0  # Pillow errs where the picture begins beside the origin of its grid
        return min(_levels(data, start + 2), default=0)


def _colours(head: bytes) -> tuple[int, bytes]:
    """Return the first method and content of a container's colour boxes (ISO 15444-1, I.5.3.3); 0 where it has none."""
    inside = head.find(b"jp2h")
    place = head.find(b"colr", inside, head.find(_CODESTREAM)) if inside >= 0 else -1
    if place < 4:
        return 0, b""
    length = int.from_bytes(head[place - 4 : place], "big")
    box = head[place + 4 : place - 4 + length]
    return (box[0], box[3:]) if len(box) > 3 else (0, b"")


def _halved(full: Size, times: int) -> Size:
    """Return the size after some halvings (ISO 15444-1, B-15)."""
    return -(-full[0] >> times), -(-full[1] >> times)


def _halved_box(box: Box, full: Size, times: int) -> Box:
    """Return a box after some halvings, each of which keeps the places of every other pixel, from the first on."""
    left, top, right, bottom = ((edge - 0.5) / (1 << times) + 0.5 for edge in box)
    width, height = _halved(full, times)
    return left, top, min(right, width), min(bottom, height)


def _levels(data: bytes, place: int) -> Iterator[int]:
    """Yield the levels of decomposition that the headers of a codestream name: of the picture, and of its tiles."""
    tile = size = 0
    while place + 12 <= len(data):
        marker, length = struct.unpack_from(">2H", data, place)
        if marker < 0xFF00:  # damaged
            return
        if marker == _TILE:
            tile, size = place, struct.unpack_from(">I", data, place + 6)[0]
        elif marker == _DATA:
            if not size:  # it goes on to the end
                return
            place = max(place + 2, tile + size)
            continue
        elif marker == _CODING_STYLE:
            yield data[place + 9]
        elif marker == _OF_A_COMPONENT:
            yield data[place + 6]  # there are no 257 components, or their numbers would have two bytes
        elif marker == _END:
            return
        place += 2 + length
