"""JPEG: Pillow reads the headers, libjpeg-turbo (through simplejpeg) the pixels, for it says when they are damaged.

Pillow decodes with the same library, to the same pixels, but drops its warnings, and a picture of noise passes
for a photograph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from simplejpeg import decode_jpeg

from mobilenet_cli.images.flaws import add_warning, cut_off
from mobilenet_cli.images.progressive import for_an_eighth
from mobilenet_cli.images.scaling import Box, Size, spare

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

# Of each mode, as what it is decoded: in Pillow's own layout, where RGB has a fourth byte.
_COLOUR_SPACES = {"L": "GRAY", "RGB": "RGBX", "CMYK": "CMYK"}
_END = b"\xff\xd9"
_SCAN = b"\xff\xda"
_WORTH_SHORTENING = 1 << 18
"""From how many bytes on a progressive JPEG's scans are worth a look, before they are decoded."""
_FILLER = bytes(range(7, 0xF7, 2)) * 64
"""Bytes in place of the missing ones, without a marker: what they change in the picture is not there."""


class JpegFile(JpegImageFile):
    """A JPEG that is decoded at a smaller scale where that is enough, and whose damage is noted on it (see `flaws`)."""

    _is_an_eighth = False

    def fit(self, box: Box, size: Size) -> Box:
        """Choose the least of 1/8, 1/4 and 1/2 that has `box` in `size` pixels: see `scaling.Fitting`."""
        divisor = next((each for each in (8, 4, 2) if spare(box, size) >= each), 1)
        if divisor > 1:
            # Pillow finds the divisor by integer division from a size; these quotients lead back to this one.
            self.draft(None, (self.width // divisor, self.height // divisor))
        self._is_an_eighth = divisor == 8
        return box[0] / divisor, box[1] / divisor, box[2] / divisor, box[3] / divisor

    def load(self) -> Any:
        """Decode the image at the scale that `draft` has set, if that was not done yet."""
        if len(self.tile) == 1 and self.mode in _COLOUR_SPACES:
            self._decode()
        return super().load()  # which decodes what libjpeg-turbo's own interface cannot

    def _decode(self) -> None:
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        self.fp.seek(0)
        data = self.fp.read()
        try:
            pixels = self._pixels(self._needed(data), strict=True)
        except ValueError as error:
            try:
                pixels = self._in_spite_of(str(error), data)
            except ValueError:
                self.fp.seek(0)
                return
        if self.mode == "CMYK":  # Adobe stores it inverted, and Pillow takes each CMYK for Adobe's
            pixels = 255 - pixels
        # Not copied, which would be a twentieth of the whole time.
        self.im = Image.core.map_buffer(pixels, self.size, "raw", 0, (self.mode, 0, 1))  # type: ignore[attr-defined]
        self.readonly, self.tile = 1, []

    def _needed(self, data: bytes) -> bytes:
        """Return the part of a file that its pixels depend on at this scale; all of it where that is as fast."""
        if self._is_an_eighth and self.info.get("progressive") and len(data) >= _WORTH_SHORTENING:
            return for_an_eighth(data) or data
        return data

    def _pixels(self, data: bytes, *, strict: bool) -> Pixels:
        """Decode to uint8 [height, width, channels].

        Raises:
            ValueError: It cannot be decoded, or `strict` and the decoder warns.
        """
        width, height = self.size  # scaled: no smaller scale of the decoder's has as many pixels
        pixels: Pixels = decode_jpeg(data, _COLOUR_SPACES[self.mode], min_height=height, min_width=width, strict=strict)
        if pixels.shape[:2] != (height, width):
            raise ValueError("decoded at another scale")
        return pixels

    def _in_spite_of(self, problem: str, data: bytes) -> Pixels:
        """Decode what the decoder has complained of, and note on the image what is wrong with it."""
        if problem.startswith("Premature end of JPEG file") or "premature end of data segment" in problem:
            data = _without_end(data)
            pixels = self._pixels(data + _END, strict=False)
            cut_off(self, self._rows_there(data, pixels))
            return pixels
        pixels = self._pixels(data, strict=False)
        if problem.startswith("Corrupt JPEG data"):  # anything else is an odd header, and no harm
            add_warning(self, "the file is damaged: part of the picture may be wrong")
        return pixels

    def _rows_there(self, data: bytes, pixels: Pixels) -> float:
        """Return the share of the rows, from the top, that the data before the cut decide: 0 to 1."""
        import numpy as np

        if self.info.get("progressive"):
            # Each scan refines the whole picture. The first ones give its coarse shape, as a viewer shows it.
            return float(_has_coarse_picture(data))
        otherwise = self._pixels(data + _FILLER + _END, strict=False)
        changed = (pixels != otherwise).any(axis=tuple(range(1, pixels.ndim)))
        return int(np.argmax(changed)) / len(changed) if changed.any() else 1.0


def _without_end(data: bytes) -> bytes:
    """Return the data up to the end marker of the picture; without the zeros that a broken copy leaves there."""
    end = data.find(_END, data.find(_SCAN, _scan_start(data)))
    return (data if end < 0 else data[:end]).rstrip(b"\0\xff")


def _scan_start(data: bytes) -> int:
    """Return where the first scan begins, past the segments before it, which may hold JPEGs of their own."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        if data[place : place + 2] == _SCAN:
            return place
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big") if data[place + 1] != 0xFF else 1
    return 0


def _has_coarse_picture(data: bytes) -> bool:
    """Whether a progressive JPEG has its first two kinds of scans whole: all mean values, and waves of luminance."""
    place, scans = _scan_start(data), []
    while (place := data.find(_SCAN, place)) >= 0:
        components = data[place + 4] if place + 4 < len(data) else 0
        first = place + 5 + 2 * components
        scans.append(data[first] if first < len(data) else 0)  # its first coefficient
        place += 2
    return 0 in scans[:1] and any(scans[1:-1])
