"""Previews: the smaller copies of a photograph that cameras write into its JPEG.

They are the thumbnail of EXIF, mostly 160 pixels wide, and the "large thumbnails" of the multi-picture format (CIPA
DC-007), of 640 to 1,920 pixels. Nothing but the file's own word says that they show the same picture: an editor may
have left the old ones. So they are used only where they are asked for.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from PIL import ExifTags

from mobilenet_cli.images.allowance import guard
from mobilenet_cli.images.decode import orientation
from mobilenet_cli.images.flaws import warning_of
from mobilenet_cli.images.jpeg import JpegFile
from mobilenet_cli.images.scaling import Box, Size, scaled, spare

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_MP_ENTRIES = 0xB002
_LARGE_THUMBNAIL = "Large Thumbnail"
_MOST_DISTORTED = 0.01
"""How far the shape of a preview may be from the picture's: cameras round its sides to 8 or 16 pixels. One with black
bars, such as that of 4:3 of a picture of 3:2, is ten times as far."""


def preview_of(image: ImageFile, box: Box, size: Size) -> tuple[ImageFile, Box] | None:
    """Return the smallest sound preview that has `box` in `size` pixels, decoded, with the box in it; None without one.

    Args:
        image: An image that has not been decoded.
        box: The part of it that is used.
        size: The size that the part will be resized to.
    """
    if not isinstance(image, JpegFile):
        return None
    for preview in sorted(_copies(image), key=lambda each: each.width):
        place = scaled(box, image.size, preview.size)
        if spare(place, size) >= 1:
            place = preview.fit(place, size)
            with suppress(Exception):  # whatever is wrong with a preview says nothing about the picture
                preview.load()
                if warning_of(preview) is None:
                    return preview, place
    return None


def _copies(image: JpegFile) -> Iterator[JpegFile]:
    """Yield the previews that are true copies as far as the headers say."""
    with suppress(Exception):  # a damaged index
        for encoded in _encoded(image):
            if (preview := _copy(encoded, image)) is not None:
                yield preview


def _copy(encoded: bytes, image: JpegFile) -> JpegFile | None:
    """Return a preview if it has the shape, the colour mode and the turn of an image, with its colour profile."""
    try:
        preview = JpegFile(io.BytesIO(encoded))
        turn = preview.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # whatever is wrong with a preview says nothing about the picture
        return None
    if turn not in (None, orientation(image)) or preview.mode != image.mode or not _has_shape_of(preview, image):
        return None
    if profile := image.info.get("icc_profile"):
        preview.info.setdefault("icc_profile", profile)
    return preview


def _has_shape_of(preview: JpegFile, image: JpegFile) -> bool:
    (across, down), (width, height) = preview.size, image.size
    tolerance = max(width, height, _MOST_DISTORTED * across * height)
    most = guard().max_pixels or across * down
    return across < width and across * down <= most and abs(across * height - down * width) <= tolerance


def _encoded(image: JpegFile) -> Iterator[bytes]:
    """Yield the previews' files."""
    assert image.fp is not None  # noqa: S101 - it is open until the image is decoded
    exif = image.getexif()
    recorded = exif.get_ifd(ExifTags.IFD.Exif)
    sides = [recorded.get(tag) or 0 for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)]
    if all(sides) and sorted(sides) != sorted(image.size):
        return  # cropped or resized since, by a program that may not have made new previews
    thumbnail = exif.get_ifd(ExifTags.IFD.IFD1)
    start, turn = thumbnail.get(ExifTags.Base.JpegIFOffset), thumbnail.get(ExifTags.Base.Orientation)
    if start is not None and turn in (None, orientation(image)):
        data = image.info["exif"].removeprefix(b"Exif\0\0")
        yield data[start : start + thumbnail[ExifTags.Base.JpegIFByteCount]]
    if (index := image._getmp()) is not None:  # as Pillow's reader of this format does
        for entry in index[_MP_ENTRIES]:
            if entry["Attribute"]["MPType"].startswith(_LARGE_THUMBNAIL):
                image.fp.seek(image.info["mpoffset"] + entry["DataOffset"])
                yield image.fp.read(entry["Size"])
