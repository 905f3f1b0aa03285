"""Encoded images → Pillow images in a mode that can be resized, safely whatever the bytes are."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.flaws import add_warning
from mobilenet_cli.images.formats import HEAD_BYTES, reader_of
from mobilenet_cli.images.levels import Levels, levels_of, to_bytes
from mobilenet_cli.machine.paths import not_a_file
from mobilenet_cli.records import Elsewhere, Source
from mobilenet_cli.remote.urls import is_url

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PIXELS = 178_956_970
"""How many pixels an image may have: half a gigabyte as RGB. The number is Pillow's own default."""


_REASONS = (
    (FileNotFoundError, "no such file"),
    (PermissionError, "permission denied"),
    (MemoryError, "not enough memory to decode it"),
    (Image.DecompressionBombError, f"too large: the limit is {MAX_PIXELS:,} pixels"),
)

_EXIF_HOLDERS = ("exif", "xmp", "Raw profile type exif", "XML:com.adobe.xmp")


@contextmanager
def open_image(source: Source) -> Iterator[ImageFile]:
    """Open a Source's image for the length of a `with` block; its pixels are decoded when first used.

    Raises:
        ImageError: The image cannot be opened or decoded: every exception of the block becomes one, with one
            line that says why.
    """
    if source.error is not None:
        raise ImageError(source.error)
    try:
        with _stream(source) as stream:
            head = stream.read(HEAD_BYTES)
            stream.seek(0)
            yield reader_of(head)(stream)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(_reason(error)) from error


def _stream(source: Source) -> IO[bytes]:
    path = source.path
    if source.data is not None:
        return io.BytesIO(source.data)
    if isinstance(source.content, Elsewhere):
        path = source.content.path
    elif source.content is not None:
        return io.BytesIO(source.content.read())
    if is_url(path):
        from mobilenet_cli.remote.fetch import fetch

        return io.BytesIO(fetch(path))
    if "\0" in path:
        raise FileNotFoundError
    # Looked at before it is opened: opening a FIFO or a device may block for ever.
    if problem := not_a_file(os.stat(path).st_mode):  # noqa: PTH116
        raise ImageError(problem)
    return open(path, "rb")  # noqa: PTH123


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    if isinstance(error, OSError) and error.errno:
        return f"cannot be read: {error.strerror}"
    # Decoders quote the file, so what they say may hold line breaks and a terminal's control characters.
    words = " ".join(str(error).split()) or type(error).__name__
    detail = "".join(letter if letter.isprintable() else "?" for letter in words)[:120]
    if isinstance(error, EOFError) or "truncated" in detail.lower():
        return f"the image is truncated ({detail})"
    return f"the image is damaged or of an unsupported kind ({detail})"


def check_pixels(image: ImageFile, size: tuple[int, int]) -> None:
    """Refuse an image of `size` (width, height) if decoding it needs memory for more than MAX_PIXELS.

    A JPEG that was asked for a smaller scale needs only that, unless it is progressive: then all of its
    coefficients are held at once.

    Raises:
        ImageError: It is too large.
    """
    width, height = size if image.info.get("progressive") else image.size
    if width * height > MAX_PIXELS:
        check_size(*size)


def check_size(width: int, height: int) -> None:
    """Refuse an image of more than MAX_PIXELS.

    Raises:
        ImageError: It is too large.
    """
    if width * height > MAX_PIXELS:
        raise ImageError(f"too large: {width} x {height} pixels (the limit is {MAX_PIXELS:,} pixels)")


def orientation(image: ImageFile) -> int:
    """Return the EXIF orientation, 1 to 8, that is still to be applied to the decoded `image`.

    The decoders of TIFF and HEIF turn the image themselves, and then it no longer has one.
    """
    if not any(key in image.info for key in _EXIF_HOLDERS):
        return 1
    try:
        value = image.getexif().get(0x0112)
    except Exception:  # damaged EXIF says nothing about the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def resizable(image: ImageFile) -> Image.Image:
    """Decode `image` into a mode whose channels can be resized one by one: L, RGB, CMYK, or La, RGBa.

    La and RGBa are the modes whose colours are multiplied by alpha already, so that the colour of a
    transparent pixel does not run into its neighbours. Colours stay those of the file: see `colour`.
    """
    image.load()
    mode = image.mode
    if mode[0] in "IF":
        return _grey(image)
    if not image.has_transparency_data:
        return image if mode in ("L", "RGB", "CMYK") else image.convert("L" if mode == "1" else "RGB")
    if mode in ("La", "RGBa"):
        return image
    if mode in ("1", "L", "LA"):
        return (image if mode == "LA" else image.convert("LA")).convert("La")
    clear = image.info.get("transparency")
    if mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        # A PNG of 16 bits a sample: Pillow keeps the samples' high bytes, but the transparent colour whole.
        image.info["transparency"] = tuple(sample >> 8 for sample in clear)
    return (image if mode == "RGBA" else image.convert("RGBA")).convert("RGBa")


def _grey(image: ImageFile) -> Image.Image:
    """Scale 16-bit, 32-bit and float samples to 8 bits: Pillow's own conversion would clip them at 255."""
    samples = np.asarray(image)
    is_of_16_bits = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")
    levels = Levels(0, 65535) if is_of_16_bits else levels_of(samples)
    if levels.warning is not None:
        add_warning(image, levels.warning)
    pixels = to_bytes(samples, levels)
    if (clear := image.info.get("transparency")) is not None:
        pixels[samples == clear] = 255
    return Image.fromarray(pixels)
