"""JPEG XL, by pillow-jxl-plugin (libjxl)."""

from __future__ import annotations

import io
from typing import IO

from PIL.ImageFile import ImageFile
from pillow_jxl.JpegXLImagePlugin import JXLImageFile

from mobilenet_cli.errors import ImageError


def open_jxl(stream: IO[bytes]) -> ImageFile:
    """Open a JPEG XL.

    Raises:
        ImageError: It is damaged, or cut off.
    """
    try:
        image: ImageFile = JXLImageFile(io.BytesIO(stream.read()))
    except RuntimeError as error:  # its message is about building libjxl
        raise ImageError("the image is damaged or of an unsupported kind (JPEG XL)") from error
    # libjxl has turned the image as the codestream says, and EXIF's orientation is no longer to be applied
    # (ISO 18181-2); a JPEG that was packed without loss is unpacked, and keeps its own.
    if not image.jpeg:  # type: ignore[attr-defined]
        image.info.pop("exif", None)
    return image
