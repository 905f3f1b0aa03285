"""Encoded images → Pillow images in a mode that can be resized, safely whatever the bytes are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import MAX_PIXELS
from mobilenet_cli.images.flaws import add_warning
from mobilenet_cli.images.formats import HEAD_BYTES, reader_of
from mobilenet_cli.images.levels import Levels, levels_of, to_bytes
from mobilenet_cli.images.opening import Stream

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from mobilenet_cli.records import Source

_NO_MEMORY = "not enough memory to decode it"
_OUT_OF_MEMORY = re.compile(
    r"(?i)(?:out of|insufficient|not enough|cannot allocate) memory|memory (?:allocation|exhausted|limit)|bad_alloc"
)
"""What decoders say, in errors of other kinds, where they get no memory."""
_REASONS = (
    (FileNotFoundError, "no such file"),
    (PermissionError, "permission denied"),
    (MemoryError, _NO_MEMORY),
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
    stream: Stream | None = None
    try:
        stream = Stream(source)
        head = stream.file.read(HEAD_BYTES)
        stream.file.seek(0)
        yield reader_of(head)(stream.file)
    except Exception as error:
        # What the decoder says of a file that the disk did not give is not true of the file.
        if stream is not None and stream.failure is not None:
            raise ImageError(_reason(stream.failure)) from error
        if isinstance(error, ImageError):
            raise
        raise ImageError(_reason(error)) from error
    finally:
        if stream is not None:
            stream.close()
    if stream.failure is not None:  # the decoder has made do without
        raise ImageError(_reason(stream.failure))


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    if isinstance(error, OSError) and error.errno:
        return f"cannot be read: {error.strerror}"
    # Decoders quote the file, so what they say may hold line breaks and a terminal's control characters.
    words = " ".join(str(error).split()) or type(error).__name__
    if _OUT_OF_MEMORY.search(words):
        return _NO_MEMORY
    detail = "".join(letter if letter.isprintable() else "?" for letter in words)[:120]
    if isinstance(error, EOFError) or "truncated" in detail.lower():
        return f"the image is truncated ({detail})"
    return f"the image is damaged or of an unsupported kind ({detail})"


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
