"""Colours of a file's own space → sRGB, by its ICC profile or code points; CMYK without is taken for offset print."""

from __future__ import annotations

import io
from functools import lru_cache
from hashlib import sha256
from itertools import product
from typing import TYPE_CHECKING

from PIL import Image

from mobilenet_cli.images.code_points import CodePoints, convert

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_USUAL_SRGB = "2c4d46e1e255995e1d2592fecec4d8bf7e1dc78179a1cbf2d607301debc630b3"
"""The SHA-256 of the tags of "sRGB IEC61966-2.1", which most cameras and programs embed; the header varies."""
_HEADER_BYTES = 128
_NEAR = 2
"""What a profile may change at most, of 255, to pass for sRGB: a viewer's rounding."""


def to_srgb(image: Image.Image, profile: bytes | None, points: CodePoints | None = None) -> Image.Image:
    """Convert a small image to sRGB.

    Args:
        image: L, RGB, CMYK, La or RGBa.
        profile: The ICC profile that the file holds, if it does. One that is broken, or for another kind of
            image, is as none.
        points: The code points that the file names, if it does. A profile says more, so it goes first.

    Returns:
        L, RGB, La or RGBa. The same image where there is nothing to convert.
    """
    if image.mode in ("La", "RGBa"):
        return _with_alpha(image, profile, points)
    transform = _transform(bytes(profile), image.mode) if profile else None
    if transform is not None:
        return transform.apply(image.convert(transform.input_mode))
    if image.mode == "CMYK":
        from mobilenet_cli.images.inks import cmyk_to_srgb

        return cmyk_to_srgb(image)
    return image if points is None or profile else convert(image, points)


def _with_alpha(image: Image.Image, profile: bytes | None, points: CodePoints | None) -> Image.Image:
    straight = image.convert("LA" if image.mode == "La" else "RGBA")
    colours = straight.convert("L" if image.mode == "La" else "RGB")
    converted = to_srgb(colours, profile, points)
    if converted is colours:
        return image
    converted = converted.convert("RGB")
    converted.putalpha(straight.getchannel("A"))
    return converted.convert("RGBa")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCmsTransform | None:
    """Return what converts images of `mode` by a profile; None where that changes nothing, or cannot be done.

    Most of a folder's images have one and the same profile.
    """
    if sha256(profile[_HEADER_BYTES:]).hexdigest() == _USUAL_SRGB:  # without loading littlecms, which takes 20 ms
        return None
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if mode == "L" and space == "RGB":  # a grey JPEG with the camera's profile
            mode = "RGB"
        if _SPACES[mode] != space:
            return None
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
        return None if _changes_nothing(transform) else transform
    except Exception:  # whatever is wrong with a profile says nothing about the pixels
        return None


def _changes_nothing(transform: ImageCmsTransform) -> bool:
    """Whether a transform is the identity, tried on colours from all of the cube."""
    if transform.input_mode == "CMYK":
        return False
    steps = range(0, 256, 17)
    if transform.input_mode == "L":
        probe = Image.frombytes("L", (16, 1), bytes(steps))
    else:
        probe = Image.frombytes(
            "RGB", (256, 16), bytes(value for colour in product(steps, repeat=3) for value in colour)
        )
    before = probe.convert("RGB").tobytes()
    after = transform.apply(probe).tobytes()
    return all(abs(old - new) <= _NEAR for old, new in zip(before, after, strict=True))
