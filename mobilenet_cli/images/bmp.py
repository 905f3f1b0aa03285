"""BMP, by Pillow, with the colour profile that the fifth version of its header has room for."""

from __future__ import annotations

import struct
from typing import Any

from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile

from mobilenet_cli.images.bmp_rle import unpacked
from mobilenet_cli.images.footprint import of_pixels
from mobilenet_cli.images.scaling import Size

_FILE_HEADER = 14
_FIFTH_VERSION = 124
"""The length of its header."""
_COLOUR_SPACE, _PROFILE = 56, 112
"""Where the header has the kind of colour space, and the place and size of the profile (BITMAPV5HEADER)."""
_EMBEDDED = b"DEBM"
"""PROFILE_EMBEDDED, as it is stored."""
_RLE = "bmp_rle"
"""Pillow's name of the decoder of run lengths."""
_LARGEST_PROFILE = 1 << 25


class BmpFile(BmpImageFile):
    """A BMP with its profile."""

    def load(self) -> Any:
        """Decode the image, if that was not done yet."""
        if self.tile and self.tile[0].codec_name == _RLE:
            self._unpack()
        return super().load()

    def footprint(self, full: Size) -> int:
        """Return the bytes that decoding takes: see `footprint.Weighed`."""
        runs = 3 * full[0] * full[1] if self.tile and self.tile[0].codec_name == _RLE else 0
        return of_pixels(self) + runs

    def _unpack(self) -> None:
        _, _, place, options = self.tile[0]
        assert self.fp is not None and isinstance(options, tuple)  # noqa: S101, PT018 - as `_bitmap` has set them
        self.fp.seek(place)
        width, height = self.size
        data = unpacked(self.fp.read(), width, height, halves=options[1])
        whole = Image.frombytes(
            "P" if self.mode == "P" else "L", self.size, bytes(data), "raw", self.mode[:1], 0, options[-1]
        )
        self.im, self.tile = whole.im, []

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        self.fp.seek(_FILE_HEADER)
        header = self.fp.read(_FIFTH_VERSION)
        if header[:4] == struct.pack("<I", _FIFTH_VERSION) and header[_COLOUR_SPACE : _COLOUR_SPACE + 4] == _EMBEDDED:
            place, size = struct.unpack_from("<2I", header, _PROFILE)
            self.fp.seek(_FILE_HEADER + place)
            self.info["icc_profile"] = self.fp.read(min(size, _LARGEST_PROFILE))
