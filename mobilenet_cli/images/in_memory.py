"""Pictures that are in memory already: PIL images and arrays, on their way through the same steps as files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mobilenet_cli.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ORIENTATION = 0x0112  # of EXIF
# What TIFF holds as it is; all others are held by RGBA, without a loss that a picture of 8 bits would show.
_HELD = ("1", "L", "RGB", "RGBA", "CMYK", "I;16", "I", "F")


def encode(picture: Image.Image | NDArray[np.uint8]) -> bytes:
    """Return a picture as an uncompressed TIFF, with its colour profile and its EXIF orientation.

    Args:
        picture: A PIL image of any mode, or uint8 [height, width], [height, width, 1], [height, width, 3] (RGB) or
            [height, width, 4] (RGBA).

    Raises:
        InputError: It is another array.
    """
    image = picture if isinstance(picture, Image.Image) else _of_array(picture)
    image.load()
    options: dict[str, Any] = {}
    if profile := image.info.get("icc_profile"):
        options["icc_profile"] = profile
    if (turn := image.getexif().get(_ORIENTATION, 1)) != 1:
        options["exif"] = Image.Exif()
        options["exif"][_ORIENTATION] = turn
    if image.mode not in _HELD or (image.has_transparency_data and image.mode != "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data or image.mode not in ("YCbCr", "P") else "RGB")
    stream = io.BytesIO()
    image.save(stream, "TIFF", **options)
    return stream.getvalue()


def _of_array(picture: Any) -> Image.Image:
    pixels = np.asarray(picture)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        shape = ", ".join(map(str, pixels.shape))
        raise InputError(
            f"an image is a uint8 array [height, width], or with 1, 3 (RGB) or 4 (RGBA) channels, not {pixels.dtype} "
            f"[{shape}]"
        )
    if not pixels.size:
        raise InputError("an image has at least one pixel")
    return Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
