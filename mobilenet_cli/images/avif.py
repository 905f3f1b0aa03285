"""AVIF, by Pillow (libavif and dav1d), with the colour space that it names by code points."""

from __future__ import annotations

from PIL.AvifImagePlugin import AvifImageFile

from mobilenet_cli.images.allowance import guard
from mobilenet_cli.images.code_points import note_code_points, of_container
from mobilenet_cli.images.footprint import encoded_size
from mobilenet_cli.images.scaling import Size

_BYTES_PER_PIXEL = 14
_HEAD = 1 << 16
"""In how many bytes from the start the boxes about the picture lie."""


class AvifFile(AvifImageFile):
    """An AVIF whose code points are noted on it."""

    def _open(self) -> None:
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        self._encoded = encoded_size(self.fp)
        guard().need(2 * self._encoded)  # read whole before anything of it is known
        head = self.fp.read(_HEAD)
        self.fp.seek(0)
        super()._open()
        if (points := of_container(head)) is not None:
            note_code_points(self, points)

    def footprint(self, full: Size) -> int:
        """Return the bytes that decoding takes: see `footprint.Weighed`."""
        return 2 * self._encoded + _BYTES_PER_PIXEL * self.width * self.height
