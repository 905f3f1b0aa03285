"""TIFF: which of a file's pictures is the photograph, and who reads it.

Pillow reads what has 8 bits a sample, or fewer. What it reads wrong, or not at all, is left to `tiff_samples`.
"""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Iterator
from functools import cache
from typing import IO, NoReturn

from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.formats import RAW, check_installed
from mobilenet_cli.images.libraries import library
from mobilenet_cli.images.tiff_parts import Tags
from mobilenet_cli.images.tiff_pyramid import Page, TiffFile
from mobilenet_cli.images.tiff_samples import BITS, FORMAT, PHOTOMETRIC, SampledTiff, number, numbers

_KIND, _OLD_KIND, _SUBFILES = 254, 255, 330
_SENSOR = (32803, 34892)
"""Photometric interpretations: the samples of a camera's sensor."""
_OFFSETS = (273, 324)
_MOST_PAGES, _MOST_PARTS = 64, 1 << 18
"""How many pages are looked at, and how many strips or tiles one may have: each costs microseconds."""


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
    if any(_is_raw(page) for page in pages):
        check_installed(RAW)
        from mobilenet_cli.images.raw import open_raw

        return open_raw(stream)
    # The first of the largest: that is the first page, but where it is a thumbnail.
    whole = [page for page in pages if not _is_reduced(page)] or pages
    page = max(whole, key=lambda page: page.size[0] * page.size[1])
    image = _opened(stream, page, is_first=page is pages[0])
    if isinstance(image, TiffFile):
        image.page, image.smaller = page, [each for each in pages if each is not page and _is_reduced(each)]
    return image


def _opened(stream: IO[bytes], page: Page, *, is_first: bool) -> ImageFile:
    stream.seek(0)
    if not _pillow_is_right(page.tags):
        return SampledTiff(stream, page.tags)
    try:
        return TiffFile(stream if is_first else _beginning_at(page.place, stream.read()))
    except (SyntaxError, KeyError, TypeError):  # a combination of samples that Pillow does not know
        stream.seek(0)
        return SampledTiff(stream, page.tags)


def _pillow_is_right(page: ImageFileDirectory_v2) -> bool:
    return max(numbers(page, BITS, 1)) <= 8 and set(numbers(page, FORMAT, 1)) <= {1, 4}


def _is_reduced(page: Page) -> bool:
    return bool(number(page.tags, _KIND, 0) & 1) or number(page.tags, _OLD_KIND, 0) == 2


def _is_raw(page: Page) -> bool:
    return number(page.tags, PHOTOMETRIC, 0) in _SENSOR


def _pages(stream: IO[bytes]) -> Iterator[Page]:
    """Yield the first page, those that it may be a thumbnail of, and those that are smaller copies of it.

    Those are the pages in its SubIFDs, the ones behind it that say that they are reduced, and if it says so itself,
    all others.
    """
    head = stream.read(16)
    first = ImageFileDirectory_v2(head[:16] if head[2:3] == b"+" or head[3:4] == b"+" else head[:8])
    waiting, seen, behind, is_thumbnail = [first.next], set[int](), {first.next}, False
    while waiting and len(seen) < _MOST_PAGES:
        place = waiting.pop(0)
        if not place or place in seen:
            continue
        seen.add(place)
        tags = ImageFileDirectory_v2(head[:16] if first._bigtiff else head[:8])
        try:
            stream.seek(place)
            tags.load(stream)
            page = Page(place, tags)
            is_reduced = _is_reduced(page)
            if len(seen) == 1:
                is_thumbnail = is_reduced
            elif place in behind and not is_reduced and not is_thumbnail:
                continue  # the next picture
            if min(page.size) > 0:
                parts = max(len(numbers(tags, each)) for each in _OFFSETS)
                yield page if parts <= _MOST_PARTS else _too_many(parts)
            waiting += Tags(stream, place).numbers(_SUBFILES)  # of a BigTIFF's, too, which Pillow does not read
            if is_thumbnail or place in behind:
                waiting.append(tags.next)
                behind.add(tags.next)
        except (ImageError, MemoryError):
            raise
        except Exception:  # noqa: S112 - a damaged page is none
            continue


def _too_many(parts: int) -> NoReturn:
    raise ImageError(f"a TIFF of {parts:,} strips or tiles (the limit is {_MOST_PARTS:,})")


def _beginning_at(place: int, data: bytes) -> IO[bytes]:
    """Return the same file with another page for its first."""
    order = "<" if data[:1] == b"I" else ">"
    if b"+" in data[2:4]:
        return io.BytesIO(data[:8] + struct.pack(f"{order}Q", place) + data[16:])
    return io.BytesIO(data[:4] + struct.pack(f"{order}I", place) + data[8:])


@cache
def _keep_libtiff_quiet() -> None:
    """Have libtiff print nothing: what it says of a damaged file, a line each time, is said by the error, too."""
    with contextlib.suppress(AttributeError):
        libtiff = library("libtiff")
        if libtiff is not None:
            libtiff.TIFFSetErrorHandler(None)
            libtiff.TIFFSetWarningHandler(None)
