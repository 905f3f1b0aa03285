"""A TIFF's page of 8 bits a sample or fewer: of it, or of a smaller copy in the file, only what the crop needs.

Deeper samples are read whole: what stands for black and white may depend on all of them (see `levels`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from PIL import Image, ImageChops, ImagePalette, ImageStat
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from mobilenet_cli.images.footprint import encoded_size, of_pixels
from mobilenet_cli.images.scaling import Box, Size, scaled, spare
from mobilenet_cli.images.tiff_parts import NoPartError, Part, part
from mobilenet_cli.images.tiff_samples import BITS, HEIGHT, PHOTOMETRIC, WIDTH, number, numbers

_SAMPLES, _ORIENTATION, _COLOUR_MAP = 277, 274, 320
_RGB, _YCBCR = 2, 6
_WORTH_COPYING = 0.85
"""Up to what share of a page decoding a part of it is faster, though it is copied first."""
_BYTES_OF_A_STRIP = 4
"""A pixel's bytes in a strip, which may be the whole picture."""
_SIDE = 16
"""Into how many fields a side two pictures are divided to be compared."""
_NEAR = 16
"""How far their mean colours may be apart, of 255, where one is a copy of the other that skips pixels."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a TIFF: where its tags are, and the tags."""

    place: int
    tags: ImageFileDirectory_v2

    @property
    def size(self) -> Size:
        """Its width and height as they are stored."""
        return number(self.tags, WIDTH), number(self.tags, HEIGHT)


class TiffFile(TiffImageFile):
    """A page that Pillow reads.

    Attributes:
        page: The page.
        smaller: Others of the file that say that they are smaller copies of a page.
    """

    page: Page | None = None
    smaller: Sequence[Page] = ()

    def _open(self) -> None:
        super()._open()
        colours = numbers(self.tag_v2, _COLOUR_MAP)
        if self.mode == "P" and max(colours) < 256:
            # Its colours should have 16 bits, and Pillow takes the upper 8.
            self.palette = ImagePalette.raw("RGB;L", bytes(colours))
        self._stream = self.fp

    def footprint(self, full: Size) -> int:
        """Return the bytes that decoding takes: see `footprint.Weighed`."""
        assert self._stream is not None  # noqa: S101 - it is open until the image is decoded
        copied = encoded_size(self._stream) if isinstance(self._stream, BytesIO) else 0
        return copied + of_pixels(self) + _BYTES_OF_A_STRIP * self.width * self.height

    def fit(self, box: Box, size: Size) -> Box:
        """Choose the smallest copy that has `box` in `size` pixels, and the part of it: see `scaling.Fitting`."""
        assert self._stream is not None  # noqa: S101 - it is open until the image is decoded
        if self.page is None:
            return box
        for page in self._copies(self._stream, box, size):
            # The box is of the picture as it is shown, which may be turned.
            if self.size != self.page.size or number(self.tag_v2, _ORIENTATION, 1) != 1:
                wanted = (0.0, 0.0, float(page.size[0]), float(page.size[1]))
            else:
                wanted = scaled(box, self.size, page.size)
            try:
                found = part(self._stream, page.place, wanted)
            except NoPartError:
                continue
            if page is self.page and found.share > _WORTH_COPYING:
                return box
            return self._begin_again(found, page, box)
        return box

    def _copies(self, stream: IO[bytes], box: Box, size: Size) -> Iterator[Page]:
        """Yield the smallest copy that is large enough, then the page itself."""
        assert self.page is not None  # noqa: S101 - `fit` has looked
        stored = box if self.size == self.page.size else (box[1], box[0], box[3], box[2])
        asked = size if self.size == self.page.size else (size[1], size[0])
        for each in sorted(self.smaller, key=lambda each: each.size):
            if spare(scaled(stored, self.page.size, each.size), asked) >= 1 and _has_shape_of(each, self.page):
                if _shows_the_same(stream, self.page, each):
                    yield each
                break
        yield self.page

    def _begin_again(self, found: Part, page: Page, box: Box) -> Box:
        """Become the part of a page that was found, and return the box in it."""
        assert self.page is not None  # noqa: S101 - `fit` has looked
        full, profile = self.size, self.info.get("icc_profile")
        shown = page.size if self.size == self.page.size else page.size[::-1]
        self.__init__(found.file)  # type: ignore[misc]
        if profile and "icc_profile" not in self.info:
            self.info["icc_profile"] = profile
        left, top, right, bottom = scaled(box, full, (shown[0], shown[1]))
        return left - found.left, top - found.top, right - found.left, bottom - found.top


def _has_shape_of(copy: Page, page: Page) -> bool:
    """Whether one page may be a copy of another by what their tags say."""
    (across, down), (width, height) = copy.size, page.size
    if across >= width or abs(across * height - down * width) > max(width, height):
        return False
    colours = {number(each.tags, PHOTOMETRIC, -1) for each in (copy, page)}
    same = all(numbers(copy.tags, tag, 1) == numbers(page.tags, tag, 1) for tag in (BITS, _SAMPLES, _ORIENTATION))
    return same and (len(colours) == 1 or colours == {_RGB, _YCBCR})


def _shows_the_same(stream: IO[bytes], page: Page, copy: Page) -> bool:
    """Whether the strip or tile in the middle of a page looks as that place of its copy does.

    A page of one piece cannot be looked at without decoding all of it, so it has no copies.
    """
    width, height = page.size
    try:
        centre = (width // 2, height // 2, width // 2 + 1, height // 2 + 1)
        middle = part(stream, page.place, centre, without=_ORIENTATION)
        if middle.share == 1:
            return False
        piece = _colours(middle.file)
        here = (middle.left, middle.top, middle.left + piece.width, middle.top + piece.height)
        there = scaled(here, page.size, copy.size)
        other = part(stream, copy.place, there, without=_ORIENTATION)
        left, top, right, bottom = there
        place = (left - other.left, top - other.top, right - other.left, bottom - other.top)
        fields = max(1, min(_SIDE, int(right - left))), max(1, min(_SIDE, int(bottom - top)))
        shown = _colours(other.file)
        place = (*place[:2], min(place[2], shown.width), min(place[3], shown.height))
        pictures = [piece.resize(fields, Image.Resampling.BOX), shown.resize(fields, Image.Resampling.BOX, place)]
    except Exception:  # whatever is wrong with a copy says nothing about the page
        return False
    return max(ImageStat.Stat(ImageChops.difference(*pictures)).mean) <= _NEAR


def _colours(file: IO[bytes]) -> Image.Image:
    with TiffFile(file) as image:
        return image.convert("RGB")
