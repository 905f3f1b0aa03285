"""Small pictures within a page."""

from __future__ import annotations

import base64
import io

from mobilenet_cli.errors import ImageError
from mobilenet_cli.preprocess import load_thumbnail
from mobilenet_cli.records import Source

_QUALITY = 70


def thumbnail(path: str, side: int) -> str | None:
    """Return the image at `path` as a data: URI of a WebP, or None where it cannot be read.

    Args:
        path: An image file.
        side: The longer side in pixels. At 160, a photograph takes about 5 kB.
    """
    from PIL import Image

    try:
        pixels = load_thumbnail(Source(path), side)
    except ImageError:
        return None
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "WEBP", quality=_QUALITY)
    return "data:image/webp;base64," + base64.b64encode(encoded.getvalue()).decode()
