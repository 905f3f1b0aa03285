"""BMP, by Pillow, with the colour profile that the fifth version of its header has room for."""

from __future__ import annotations

import struct

from PIL.BmpImagePlugin import BmpImageFile

_FILE_HEADER = 14
_FIFTH_VERSION = 124
"""The length of its header."""
_COLOUR_SPACE, _PROFILE = 56, 112
"""Where the header has the kind of colour space, and the place and size of the profile (BITMAPV5HEADER)."""
_EMBEDDED = b"DEBM"
"""PROFILE_EMBEDDED, as it is stored."""
_LARGEST_PROFILE = 1 << 25


class BmpFile(BmpImageFile):
    """A BMP with its profile."""

    def _open(self) -> None:
        super()._open()
        assert self.fp is not None  # noqa: S101 - it is open until the image is decoded
        self.fp.seek(_FILE_HEADER)
        header = self.fp.read(_FIFTH_VERSION)
        if header[:4] == struct.pack("<I", _FIFTH_VERSION) and header[_COLOUR_SPACE : _COLOUR_SPACE + 4] == _EMBEDDED:
            place, size = struct.unpack_from("<2I", header, _PROFILE)
            self.fp.seek(_FILE_HEADER + place)
            self.info["icc_profile"] = self.fp.read(min(size, _LARGEST_PROFILE))
