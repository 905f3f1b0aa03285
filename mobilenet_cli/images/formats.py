"""The image formats that can be read: one table of file endings, first bytes and readers.

Pillow's format classes are used directly, not through `Image.open`, which tries formats that are not wanted
here (PostScript runs a program), warns about large images through process-wide state, refuses a huge JPEG
before it can be asked to decode at a smaller scale, and may import every format it knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING

from mobilenet_cli.errors import ImageError
from mobilenet_cli.machine.extras import install_command

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    Reader = Callable[[IO[bytes]], ImageFile]

HEAD_BYTES = 64
"""How many of a file's first bytes decide what its format is."""


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra of this package that a format needs.

    Attributes:
        name: The extra's name, as pip is given it.
        library: The module that it installs.
        what: What the files are called, in a message: "12 raw files".
    """

    name: str
    library: str
    what: str

    @property
    def missing(self) -> bool:
        """Whether it is not installed."""
        return _is_missing(self.library)


RAW = Extra("raw", "rawpy", "raw")
JXL = Extra("jxl", "pillow_jxl", "JPEG XL")
EXTRAS = (RAW, JXL)


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """One format.

    Attributes:
        endings: What names of its files end in, lower case and with the dot; none where another format has them.
        magic: A regular expression that the first bytes of its files match.
        module: The module of what reads it, imported when the first such file is opened.
        reader: The name of that reader: called with the file, it returns a `PIL.ImageFile.ImageFile`.
        extra: The extra that it needs, if it does.
    """

    endings: tuple[str, ...]
    magic: bytes
    module: str
    reader: str
    extra: Extra | None = None


RAW_ENDINGS = (".cr2", ".cr3", ".nef", ".arw", ".raf", ".rw2", ".orf", ".dng", ".pef", ".srw")

# The first row whose magic matches reads the file.
FORMATS = (
    # MPO too: its first picture is a plain JPEG.
    ImageFormat((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), rb"\xff\xd8\xff", "mobilenet_cli.images.jpeg", "JpegFile"),
    ImageFormat((".png", ".apng"), rb"\x89PNG\r\n\x1a\n", "mobilenet_cli.images.png", "open_png"),
    ImageFormat((".webp",), rb"RIFF....WEBP", "mobilenet_cli.images.webp", "open_webp"),
    ImageFormat((".gif",), rb"GIF8[79]a", "PIL.GifImagePlugin", "GifImageFile"),
    ImageFormat((".bmp",), rb"BM", "mobilenet_cli.images.bmp", "BmpFile"),
    # Raw files that are no TIFFs (Canon, Fujifilm, Panasonic, Olympus). Those that are, `open_tiff` passes on.
    ImageFormat(
        RAW_ENDINGS,
        rb"II\*\0....CR\x02|....ftypcrx |FUJIFILMCCD-RAW|IIU\0|IIR[OS]\x08\0|MMOR",
        "mobilenet_cli.images.raw",
        "open_raw",
        RAW,
    ),
    ImageFormat((".tif", ".tiff"), rb"II(?:[*+]\0|\0\*)|MM(?:\0[*+]|\*\0)", "mobilenet_cli.images.tiff", "open_tiff"),
    # Of a HEIF container, any of its first brands decides.
    ImageFormat((".avif",), rb"....ftyp(?:....){0,12}?avi[fs]", "mobilenet_cli.images.avif", "AvifFile"),
    ImageFormat(
        (".heic", ".heif", ".hif"),
        rb"....ftyp(?:....){0,12}?(?:he[iv][cmsx]|mif1|msf1)",
        "mobilenet_cli.images.heif",
        "HeifFile",
    ),
    ImageFormat((".ppm", ".pgm", ".pbm", ".pnm"), rb"P[1-6f]\s", "mobilenet_cli.images.ppm", "open_ppm"),
    ImageFormat(
        (".jp2", ".j2k", ".jpx"),
        rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n",
        "mobilenet_cli.images.jpeg2000",
        "Jpeg2000File",
    ),
    ImageFormat((".jxl",), rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", "mobilenet_cli.images.jxl", "open_jxl", JXL),
    ImageFormat((".psd",), rb"8BPS\0\x01", "mobilenet_cli.images.psd", "open_psd"),
    ImageFormat((".dib",), rb"[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "PIL.BmpImagePlugin", "DibImageFile"),
)

IMAGE_ENDINGS = tuple(ending for each in FORMATS for ending in each.endings)
"""What a file in a folder ends in, in any case, if it is an image. A named file may end in anything."""


def extra_missing_for(name: str) -> Extra | None:
    """Return the extra that reading a file of this name needs and that is not installed, or None."""
    lower = name.lower()
    for each in FORMATS:
        if each.extra is not None and lower.endswith(each.endings):
            return each.extra if each.extra.missing else None
    return None


def reader_of(head: bytes) -> Reader:
    """Return what reads a file with these first bytes, `HEAD_BYTES` of them if there are as many.

    Raises:
        ImageError: It has none of these formats, is empty, or needs an extra that is not installed.
    """
    image_format = format_of(head)
    if image_format is None:
        raise ImageError("not an image in a format that can be read" if head else "the file is empty (0 bytes)")
    if image_format.extra is not None:
        check_installed(image_format.extra)
    return _reader(image_format)


def format_of(head: bytes) -> ImageFormat | None:
    """Return the format of a file with these first bytes, or None where it has none of the table's."""
    for each in FORMATS:
        if re.match(each.magic, head, re.DOTALL):  # compiled once, when first needed
            return each
    return None


def check_installed(extra: Extra) -> None:
    """Check that an extra is installed.

    Raises:
        ImageError: It is not; with the command that installs it.
    """
    if extra.missing:
        raise ImageError(f"{extra.what} files need an extra package: {install_command(extra.name)}")


@cache
def _reader(image_format: ImageFormat) -> Reader:
    reader: Reader = getattr(import_module(image_format.module), image_format.reader)
    return reader


@cache
def _is_missing(library: str) -> bool:
    return find_spec(library) is None
