"""TIFF: which of a file's pictures is the photograph, and who reads it.

Pillow reads what has 8 bits a sample, or fewer. What it reads wrong, or not at all, is left to `tiff_samples`.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO

import PIL
from PIL import ImagePalette
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from mobilenet_cli.images.formats import RAW, check_installed
from mobilenet_cli.images.tiff_samples import BITS, FORMAT, HEIGHT, PHOTOMETRIC, WIDTH, SampledTiff, number, numbers

_KIND, _OLD_KIND, _SUBFILES, _COLOUR_MAP = 254, 255, 330, 320
_SENSOR = (32803, 34892)
"""Photometric interpretations: the samples of a camera's sensor."""
_MOST_PAGES = 64


def open_tiff(stream: IO[bytes]) -> ImageFile:
    """Open a TIFF's first page; of a file whose first page is a thumbnail, the picture that it stands for.

    Raises:
        ImageError: There is only a raw picture beside the thumbnail, and none can be made of it.
        Exception: As Pillow raises.
    """
    _keep_libtiff_quiet()
    pages = list(_pages(stream))
    if not pages:
        stream.seek(0)
        return TiffImageFile(stream)  # says what is wrong
    if any(_is_raw(page) for _, page in pages):
        check_installed(RAW)
        from mobilenet_cli.images.raw import open_raw

        return open_raw(stream)
    # The first of the largest: that is the first page, but where it is a thumbnail.
    whole = [each for each in pages if not _is_reduced(each[1])] or pages
    place, page = max(whole, key=lambda each: number(each[1], WIDTH) * number(each[1], HEIGHT))
    return _opened(stream, place, page, is_first=place == pages[0][0])


def _opened(stream: IO[bytes], place: int, page: ImageFileDirectory_v2, *, is_first: bool) -> ImageFile:
    stream.seek(0)
    if not _pillow_is_right(page):
        return SampledTiff(stream, page)
    try:
        image = TiffImageFile(stream if is_first else _beginning_at(place, stream.read()))
    except (SyntaxError, KeyError, TypeError):  # a combination of samples that Pillow does not know
        stream.seek(0)
        return SampledTiff(stream, page)
    if image.mode == "P" and max(numbers(page, _COLOUR_MAP)) < 256:
        # Its colours should have 16 bits, and Pillow takes the upper 8.
        image.palette = ImagePalette.raw("RGB;L", bytes(numbers(page, _COLOUR_MAP)))
    return image


def _pillow_is_right(page: ImageFileDirectory_v2) -> bool:
    return max(numbers(page, BITS, 1)) <= 8 and set(numbers(page, FORMAT, 1)) <= {1, 4}


def _is_reduced(page: ImageFileDirectory_v2) -> bool:
    return bool(number(page, _KIND, 0) & 1) or number(page, _OLD_KIND, 0) == 2


def _is_raw(page: ImageFileDirectory_v2) -> bool:
    return number(page, PHOTOMETRIC, 0) in _SENSOR


def _pages(stream: IO[bytes]) -> Iterator[tuple[int, ImageFileDirectory_v2]]:
    """Yield the place and the tags of the first page, and of those that it may be a thumbnail of.

    Those are the pages in its SubIFDs, and if it says that it is one, all others.
    """
    head = stream.read(16)
    first = ImageFileDirectory_v2(head[:16] if head[2:3] == b"+" or head[3:4] == b"+" else head[:8])
    waiting, seen, is_thumbnail = [first.next], set[int](), False
    while waiting and len(seen) < _MOST_PAGES:
        place = waiting.pop(0)
        if not place or place in seen:
            continue
        seen.add(place)
        page = ImageFileDirectory_v2(head[:16] if first._bigtiff else head[:8])
        with contextlib.suppress(Exception):  # a damaged page is none
            stream.seek(place)
            page.load(stream)
            if number(page, WIDTH, 0) > 0 and number(page, HEIGHT, 0) > 0:
                yield place, page
            waiting += numbers(page, _SUBFILES, 0)
            if len(seen) == 1:
                is_thumbnail = _is_reduced(page)
            if is_thumbnail:
                waiting.append(page.next)


def _beginning_at(place: int, data: bytes) -> IO[bytes]:
    """Return the same file with another page for its first."""
    order = "<" if data[:1] == b"I" else ">"
    if b"+" in data[2:4]:
        return io.BytesIO(data[:8] + struct.pack(f"{order}Q", place) + data[16:])
    return io.BytesIO(data[:4] + struct.pack(f"{order}I", place) + data[8:])


@cache
def _keep_libtiff_quiet() -> None:
    """Have libtiff print nothing: what it says of a damaged file, a line each time, is said by the error, too."""
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(_libtiff())
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)


def _libtiff() -> str | None:
    """Return the path of the libtiff that Pillow has loaded; None, the process itself, where that is not seen."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            if "/libtiff" in line and (path := line.split(maxsplit=5)[-1]).startswith("/"):
                return path
    package = Path(PIL.__file__).parent
    bundled = [*package.glob(".dylibs/libtiff*"), *package.parent.glob("pillow.libs/libtiff*")]
    return str(bundled[0]) if bundled else None
