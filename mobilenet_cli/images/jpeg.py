"""JPEG: Pillow reads the headers, libjpeg-turbo (through simplejpeg) the pixels, for it says when they are damaged.

Pillow decodes with the same library, to the same pixels, but drops its warnings, and a picture of noise passes
for a photograph.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from simplejpeg import decode_jpeg

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import guard
from mobilenet_cli.images.flaws import add_warning, cut_off
from mobilenet_cli.images.footprint import encoded_size
from mobilenet_cli.images.jpeg_damage import END, SCAN, has_coarse_picture, sound_end, without_end
from mobilenet_cli.images.jpeg_header import lean
from mobilenet_cli.images.progressive import for_an_eighth
from mobilenet_cli.images.scaling import Box, Size, spare

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

# Of each mode, as what it is decoded: in Pillow's own layout, where RGB has a fourth byte.
_COLOUR_SPACES = {"L": "GRAY", "RGB": "RGBX", "CMYK": "CMYK"}
_WORTH_SHORTENING = 1 << 18
"""From how many bytes on a progressive JPEG's scans are worth a look, before they are decoded."""
_BYTES_OF_A_COEFFICIENT = 2
_USUAL_SCANS, _MOST_SAMPLES = 64, 500_000_000
"""How many scans any JPEG may have, and how many samples the scans may go over of one with more."""
_DAMAGED = "the file is damaged: part of the picture may be wrong"
_LIMITS = ("Could not determine subsampling", "decoded at another scale", "colorspace conversion")
"""Messages of libjpeg-turbo's own interface where it can do less than the library."""
_NO_DAMAGE = ("Unknown Adobe color transform", "unknown JFIF revision", "Invalid SOS parameters", "bad ICC marker")
"""Messages of libjpeg about odd headers, which change no pixel."""
_CUT_OFF = ("Premature end of JPEG file", "premature end of data segment")
_FILLER = bytes(range(7, 0xF7, 2)) * 64
"""Bytes in place of the missing ones, without a marker: what they change in the picture is not there."""


class JpegFile(JpegImageFile):
    """A JPEG that is decoded at a smaller scale where that is enough, and whose damage is noted on it (see `flaws`)."""

    _is_an_eighth = False
    _full: Size | None = None

    def _open(self) -> None:
        assert self.fp is not None  # noqa: S101 - it has just been set
        guard().need(2 * encoded_size(self.fp))
        self.fp = io.BytesIO(lean(self.fp.read()))
        super()._open()

    def _read_dpi_from_exif(self) -> None:
        """Leave EXIF unread: nothing here asks for the resolution."""

    def fit(self, box: Box, size: Size) -> Box:
        """Choose the least of 1/8, 1/4 and 1/2 that has `box` in `size` pixels: see `scaling.Fitting`."""
        self._full = self.size
        divisor = next((each for each in (8, 4, 2) if spare(box, size) >= each), 1)
        if divisor > 1:
            # Pillow finds the divisor by integer division from a size; these quotients lead back to this one.
            self.draft(None, (self.width // divisor, self.height // divisor))
        self._is_an_eighth = divisor == 8
        return box[0] / divisor, box[1] / divisor, box[2] / divisor, box[3] / divisor

    def footprint(self, full: Size) -> int:
        """Return the bytes that decoding takes: see `footprint.Weighed`."""
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        pixels = self.width * self.height * (8 if self.mode == "CMYK" else 4 if self.mode == "RGB" else 1)
        taken = encoded_size(self.fp) + pixels
        if self.info.get("progressive"):  # all of its coefficients are held, and what is left out is copied
            taken += encoded_size(self.fp) + _BYTES_OF_A_COEFFICIENT * self._samples(full)
        return taken

    def _samples(self, full: Size) -> int:
        """Return the number of samples of all components, in whole blocks."""
        across, down = (max(each[place] for each in self.layer) for place in (1, 2))
        area = (full[0] + 8 * across) * (full[1] + 8 * down)
        return sum(area * each[1] * each[2] // max(1, across * down) for each in self.layer)

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
            # A copy of the data, and for damage another picture and what is different in it.
            guard().need(len(data) + 4 * self.footprint(self._full or self.size))
            try:
                pixels = self._in_spite_of(str(error), data)
            except ValueError as problem:
                # Left to Pillow, which says nothing of damage.
                if not _has(str(problem), (*_LIMITS, *_NO_DAMAGE)):
                    add_warning(self, _DAMAGED)
                self.fp.seek(0)
                return
        if self.mode == "CMYK":  # Adobe stores it inverted, and Pillow takes each CMYK for Adobe's
            pixels = 255 - pixels
        # Not copied, which would be a twentieth of the whole time.
        self.im = Image.core.map_buffer(pixels, self.size, "raw", 0, (self.mode, 0, 1))  # type: ignore[attr-defined]
        self.readonly, self.tile = 1, []

    def _needed(self, data: bytes) -> bytes:
        """Return the part of a file that its pixels depend on at this scale; all of it where that is as fast.

        Raises:
            ImageError: It has so many scans, each of which goes over the whole picture, that they would take minutes.
        """
        if not self.info.get("progressive"):
            return data
        needed = (for_an_eighth(data) or data) if self._is_an_eighth and len(data) >= _WORTH_SHORTENING else data
        scans = needed.count(SCAN)
        if scans > _USUAL_SCANS and scans * self._samples(self._full or self.size) > _MOST_SAMPLES:
            raise ImageError(f"a progressive JPEG of {scans:,} scans, which would take minutes")
        return needed

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
        if _has(problem, (*_LIMITS, *_NO_DAMAGE)):
            return self._pixels(data, strict=False)
        if problem.startswith("Corrupt JPEG data") and not _has(problem, _CUT_OFF):
            add_warning(self, _DAMAGED)  # all of the picture is there, right or wrong
            return self._pixels(data, strict=False)
        there, flaw = without_end(data), "cut off"
        if (sound := sound_end(data)) < len(there):  # libjpeg reads nothing behind that
            there, flaw = data[:sound].rstrip(b"\xff"), "damaged"
        pixels = self._pixels(there + END, strict=False)
        cut_off(self, self._rows_there(there, pixels), flaw)
        return pixels

    def _rows_there(self, data: bytes, pixels: Pixels) -> float:
        """Return the share of the rows, from the top, that the data before the cut decide: 0 to 1."""
        import numpy as np

        if self.info.get("progressive"):
            # Each scan refines the whole picture. The first ones give its coarse shape, as a viewer shows it.
            return float(has_coarse_picture(data))
        otherwise = self._pixels(data + _FILLER + END, strict=False)
        changed = (pixels != otherwise).any(axis=tuple(range(1, pixels.ndim)))
        return int(np.argmax(changed)) / len(changed) if changed.any() else 1.0


def _has(problem: str, words: tuple[str, ...]) -> bool:
    return any(each in problem for each in words)
