"""Decoding no more of an image than its crop needs: fewer pixels, or a part of them, where a decoder can.

A reader whose decoder can is an image with a method `fit`; every other image is decoded whole.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

Box = tuple[float, float, float, float]
"""A part of an image: left, top, right and bottom in pixels."""
Size = tuple[int, int]
"""A width and a height in pixels."""


class Fitting(Protocol):
    """An image whose decoder can make fewer pixels than the file has."""

    def fit(self, box: Box, size: Size) -> Box:
        """Choose what is decoded: the least that has `box` in at least `size` pixels.

        It is called once, before the image is decoded, and sets the image's size to what will be decoded.

        Args:
            box: The part of the image that is used.
            size: The size that it will be resized to.

        Returns:
            The same part of what will be decoded.
        """
        ...


def fit(image: ImageFile, box: Box, size: Size) -> Box:
    """Have the least of `image` decoded that has `box` in `size` pixels; return the box in what will be decoded."""
    own: Callable[[Box, Size], Box] | None = getattr(image, "fit", None)  # isinstance of a Protocol is slow
    return box if own is None else own(box, size)


def spare(box: Box, size: Size) -> float:
    """Return how many times fewer pixels a side would do: below 1 where the box has to be enlarged."""
    return min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])


def least(full: Size, box: Box, size: Size) -> Size:
    """Return the least width and height of a smaller copy of an image of size `full` that has `box` in `size`."""
    return ceil(full[0] * size[0] / (box[2] - box[0])), ceil(full[1] * size[1] / (box[3] - box[1]))


def scaled(box: Box, full: Size, small: Size) -> Box:
    """Return a box of an image of size `full` in a smaller copy of it, of size `small`."""
    across, down = small[0] / full[0], small[1] / full[1]
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
