"""How much memory decoding an image takes, from its header, before it is decoded.

The figures were measured: the peak of a process that decodes images of 20 megapixels, less what it has without one.
A reader whose decoder takes more than its pixels is an image with a method `footprint`.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Protocol

from mobilenet_cli.images.allowance import check_size, guard
from mobilenet_cli.images.scaling import Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

_OF_PILLOW = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""Bytes that a pixel of each mode takes in Pillow; 4 of each other mode."""
_AS_BYTES, _AS_RGB, _AS_ALPHA = 2, 4, 8
"""Bytes a pixel that conversions to 8 bits, to RGB, and to RGBA and RGBa take."""


class Weighed(Protocol):
    """An image that knows how much its decoder takes."""

    def footprint(self, full: Size) -> int:
        """Return how many bytes decoding it takes.

        Args:
            full: Its size in the file; its own size is that of what is decoded.
        """
        ...


def admit(image: ImageFile, full: Size) -> None:
    """Wait until there is memory to decode an image, which is at the scale that it will be decoded at.

    A JPEG that was asked for a smaller scale needs only that, unless it is progressive: then all of its
    coefficients are held at once.

    Args:
        image: The image.
        full: Its width and height in the file.

    Raises:
        ImageError: It is too large.
    """
    width, height = full if image.info.get("progressive") else image.size
    if (most := guard().max_pixels) and width * height > most:
        check_size(*full)
    own: Callable[[Size], int] | None = getattr(image, "footprint", None)  # isinstance of a Protocol is slow
    guard().need(of_pixels(image) if own is None else own(full))


def of_pixels(image: ImageFile) -> int:
    """Return how many bytes the pixels of an image take that Pillow decodes, and their conversion."""
    mode = image.mode
    if mode[0] in "IF":
        converted = 2 * _OF_PILLOW.get(mode, 4) + 4
    elif image.has_transparency_data:
        converted = _AS_ALPHA
    else:
        converted = 0 if mode in ("L", "RGB", "CMYK") else _AS_BYTES if mode == "1" else _AS_RGB
    return image.width * image.height * (_OF_PILLOW.get(mode, 4) + converted)


def encoded_size(stream: IO[bytes]) -> int:
    """Return how many bytes a file has."""
    place = stream.tell()
    size = stream.seek(0, os.SEEK_END)
    stream.seek(place)
    return size
