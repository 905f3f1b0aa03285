"""Photoshop documents: the picture of all layers that Photoshop stores beside them."""

from __future__ import annotations

import struct
from typing import IO

from PIL.PsdImagePlugin import PsdImageFile

from mobilenet_cli.errors import ImageError

_VERSION_INFO = 1057
"""The image resource that says whether the picture of all layers is there (Photoshop's file format, version 6)."""


def open_psd(stream: IO[bytes]) -> PsdImageFile:
    """Open a Photoshop document's picture of all layers.

    Raises:
        ImageError: It was saved without one: Photoshop writes a white one in its place.
        Exception: As Pillow raises.
    """
    head = stream.read(26)
    stream.seek(0)
    if len(head) == 26 and struct.unpack(">H", head[22:24])[0] not in (1, 8):
        raise ImageError("a Photoshop document of more than 8 bits a sample: save it as a TIFF")
    image = PsdImageFile(stream)
    for number, _, content in image.resources:
        if number == _VERSION_INFO and content[4:5] == b"\0":
            raise ImageError("a Photoshop document without a picture of all layers: save it for compatibility")
    return image
