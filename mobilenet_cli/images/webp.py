"""WebP: Pillow reads the headers, libwebp the pixels of a still picture.

Pillow decodes every file as an animation, of which each frame is laid over a canvas: to the same pixels in twice the
time.
"""

from __future__ import annotations

import ctypes
from typing import IO, Any

from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile, _get_size

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import check_size, guard
from mobilenet_cli.images.libraries import library

_BYTES_PER_PIXEL, _BYTES_PER_CANVAS_PIXEL = 12, 18
"""What decoding takes a pixel: of a still picture without alpha, and of any other."""


def open_webp(stream: IO[bytes]) -> WebPImageFile:
    """Open a WebP.

    Raises:
        ImageError: It is cut off: no decoder gives the rows that are there.
        Exception: As Pillow raises.
    """
    head = stream.read(12)
    there = stream.seek(0, 2)
    stream.seek(0)
    guard().need(_footprint(stream.read(30), there))  # Pillow's decoder makes its canvases at once
    stream.seek(0)
    if there < (whole := 8 + int.from_bytes(head[4:8], "little")):
        raise ImageError(f"the image is truncated ({there:,} of {whole:,} bytes are there)")
    return WebPFile(stream)


def _footprint(head: bytes, encoded: int) -> int:
    """Return how many bytes opening and decoding a WebP takes, from its first bytes.

    Raises:
        ImageError: It has too many pixels.
    """
    size = _get_size(head)
    if size is None:
        return 3 * encoded
    check_size(*size)
    kind = head[12:16]
    is_plain = kind == b"VP8 " or (kind == b"VP8L" and not head[24] & 0x10) or (kind == b"VP8X" and not head[20] & 0x12)
    return 3 * encoded + size[0] * size[1] * (_BYTES_PER_PIXEL if is_plain else _BYTES_PER_CANVAS_PIXEL)


class WebPFile(WebPImageFile):
    """A WebP that libwebp decodes by itself if it is a still picture without alpha."""

    _is_decoded = False

    def _open(self) -> None:
        self._stream = self.fp
        super()._open()

    def load(self) -> Any:
        """Decode the image, if that was not done yet."""
        if self._im is None and self.mode == "RGB" and self.n_frames == 1:
            self._decode()
        return Image.Image.load(self) if self._is_decoded else super().load()

    def _decode(self) -> None:
        """Decode it, if Pillow's libwebp can be found and it can."""
        import numpy as np

        if (libwebp := library("libwebp")) is None:
            return
        assert self._stream is not None  # noqa: S101 - it is open until the image is decoded
        self._stream.seek(0)
        data = self._stream.read()
        self._decoder = None  # and its canvases
        width, height = self.size
        pixels = np.empty((height, width, 3), np.uint8)
        decode = libwebp.WebPDecodeRGBInto
        decode.restype = ctypes.c_void_p
        decode.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        if decode(data, len(data), pixels.ctypes.data, pixels.nbytes, 3 * width):
            self.im, self._is_decoded = Image.fromarray(pixels).im, True
