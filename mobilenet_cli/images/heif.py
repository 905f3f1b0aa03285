"""HEIC and other HEIF, by pillow-heif (libheif), from the thumbnail in the file where that has enough pixels."""

from __future__ import annotations

from pillow_heif import HeifImageFile

from mobilenet_cli.images.allowance import guard
from mobilenet_cli.images.code_points import CodePoints, note_code_points
from mobilenet_cli.images.footprint import encoded_size
from mobilenet_cli.images.scaling import Box, Size, least, scaled

_BYTES_PER_PIXEL = 12


class HeifFile(HeifImageFile):  # type: ignore[misc]
    """A HEIF whose thumbnail is decoded in its place where it is a true copy that is large enough.

    pillow-heif says whether it is: of the same shape, crop, turn, colour mode and colour profile.
    """

    def _open(self) -> None:
        super()._open()
        if (numbers := self.info.get("nclx_profile")) is not None:
            note_code_points(self, CodePoints(numbers["color_primaries"], numbers["transfer_characteristics"]))

    def fit(self, box: Box, size: Size) -> Box:
        """Choose the smallest thumbnail that has `box` in `size` pixels: see `scaling.Fitting`."""
        full: Size = self.size
        # Choosing one decodes it, and the file may lie about which is small. The list has their longer sides.
        sides = self.info["thumbnails"]
        most = guard().max_pixels
        if sides and (not most or all(side * side <= most for side in sides)):
            guard().need(encoded_size(self.fp) + _BYTES_PER_PIXEL * max(sides) ** 2)
            self.draft(None, least(full, box, size))
        return scaled(box, full, self.size)

    def footprint(self, full: Size) -> int:
        """Return the bytes that decoding takes: see `footprint.Weighed`."""
        width, height = self.size
        return encoded_size(self.fp) + _BYTES_PER_PIXEL * int(width * height)
