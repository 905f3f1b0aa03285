"""The image formats that can be read: one table of file endings, first bytes and readers.

Pillow's format classes are used directly, not through `Image.open`, which tries formats that are not wanted
here (PostScript runs a program), warns about large images through process-wide state, refuses a huge JPEG
before it can be asked to decode at a smaller scale, and may import every format it knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from mobilenet_cli.errors import ImageError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

HEAD_BYTES = 64
"""How many of a file's first bytes decide what its format is."""


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """One format.

    Attributes:
        endings: What names of its files end in, lower case and with the dot; none where another format has them.
        magic: A regular expression that the first bytes of its files match.
        module: The module of the class that reads it, imported when the first such file is opened.
        reader: The name of that class, a `PIL.ImageFile.ImageFile`.
    """

    endings: tuple[str, ...]
    magic: bytes
    module: str
    reader: str


FORMATS = (
    # MPO too: its first picture is a plain JPEG.
    ImageFormat((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), rb"\xff\xd8\xff", "PIL.JpegImagePlugin", "JpegImageFile"),
    ImageFormat((".png", ".apng"), rb"\x89PNG\r\n\x1a\n", "PIL.PngImagePlugin", "PngImageFile"),
    ImageFormat((".webp",), rb"RIFF....WEBP", "PIL.WebPImagePlugin", "WebPImageFile"),
    ImageFormat((".gif",), rb"GIF8[79]a", "PIL.GifImagePlugin", "GifImageFile"),
    ImageFormat((".bmp",), rb"BM", "PIL.BmpImagePlugin", "BmpImageFile"),
    ImageFormat((".tif", ".tiff"), rb"II(?:[*+]\0|\0\*)|MM(?:\0[*+]|\*\0)", "PIL.TiffImagePlugin", "TiffImageFile"),
    # Of a HEIF container, any of its first brands decides.
    ImageFormat((".avif",), rb"....ftyp(?:....){0,12}?avi[fs]", "PIL.AvifImagePlugin", "AvifImageFile"),
    ImageFormat(
        (".heic", ".heif", ".hif"),
        rb"....ftyp(?:....){0,12}?(?:he[iv][cmsx]|mif1|msf1)",
        "pillow_heif",
        "HeifImageFile",
    ),
    ImageFormat((".ppm", ".pgm", ".pbm", ".pnm"), rb"P[1-6f]\s", "PIL.PpmImagePlugin", "PpmImageFile"),
    ImageFormat(
        (".jp2", ".j2k", ".jpx"),
        rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n",
        "PIL.Jpeg2KImagePlugin",
        "Jpeg2KImageFile",
    ),
    ImageFormat((".dib",), rb"[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "PIL.BmpImagePlugin", "DibImageFile"),
)

IMAGE_ENDINGS = tuple(ending for each in FORMATS for ending in each.endings)
"""What a file in a folder ends in, in any case, if it is an image. A named file may end in anything."""


def reader_of(head: bytes) -> type[ImageFile]:
    """Return the class that reads a file with these first bytes, `HEAD_BYTES` of them if there are as many.

    Raises:
        ImageError: It has none of these formats, or is empty.
    """
    for each in FORMATS:
        if re.match(each.magic, head, re.DOTALL):  # compiled once, when first needed
            return _reader_class(each)
    raise ImageError("not an image in a format that can be read" if head else "the file is empty (0 bytes)")


@cache
def _reader_class(image_format: ImageFormat) -> type[ImageFile]:
    reader: type[ImageFile] = getattr(import_module(image_format.module), image_format.reader)
    return reader
