"""JPEG XL, by pillow-jxl-plugin (libjxl)."""

from __future__ import annotations

import io
import re
from typing import IO

from PIL.ImageFile import ImageFile
from pillow_jxl.JpegXLImagePlugin import JXLImageFile

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import check_size, guard

_RATIOS = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
"""Widths to heights, by their number in the header; 0: the width is written out."""
_BYTES_PER_PIXEL = 20
_CODESTREAM = re.compile(rb"(?:jxlc|jxlp....)\xff\x0a(.{12})", re.DOTALL)


def open_jxl(stream: IO[bytes]) -> ImageFile:
    """Open a JPEG XL. It is decoded at once, as the plugin does it.

    Raises:
        ImageError: It is damaged, cut off or too large.
    """
    data = stream.read()
    if (size := _size(data)) is not None:
        check_size(*size)
        guard().need(len(data) + _BYTES_PER_PIXEL * size[0] * size[1])
    try:
        image: ImageFile = JXLImageFile(io.BytesIO(data))
    except RuntimeError as error:  # its message is about building libjxl
        raise ImageError("the image is damaged or of an unsupported kind (JPEG XL)") from error
    # libjxl has turned the image as the codestream says, and EXIF's orientation is no longer to be applied
    # (ISO 18181-2); a JPEG that was packed without loss is unpacked, and keeps its own.
    if not image.jpeg:  # type: ignore[attr-defined]
        image.info.pop("exif", None)
    return image


def _size(data: bytes) -> tuple[int, int] | None:
    """Return the width and height from the header (ISO 18181-1, SizeHeader), or None where none is found."""
    if data[:2] == b"\xff\x0a":
        header = data[2:14]
    elif (found := _CODESTREAM.search(data)) is not None:
        header = found[1]
    else:
        return None
    bits = int.from_bytes(header, "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & ((1 << count) - 1), bits >> count
        return value

    is_small = take(1)

    def edge() -> int:
        return 8 * (1 + take(5)) if is_small else 1 + take((9, 13, 18, 30)[take(2)])

    height = edge()
    across, down = _RATIOS[take(3)]
    return (height * across // down if across else edge()), height
