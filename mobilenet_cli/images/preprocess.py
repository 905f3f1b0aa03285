"""One image → uint8 [H, W, 3], by the common image input recipe of TF Hub's image models.

Nothing heavy is imported here until an image is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from mobilenet_cli.images.scaling import Box
    from mobilenet_cli.records import Source

    Pixels = npt.NDArray[np.uint8]

Crop = Literal["center", "squash", "pad"]
Interpolation = Literal["bilinear", "bicubic"]

CROP_FRACTION = 0.875
"""How much of the short side the centre crop keeps: the value of ImageNet's evaluation in TF-Slim."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How an image becomes a network's input.

    Attributes:
        image_size: The input's width and height in pixels.
        crop: "center": the square in the middle whose side is 87.5 % of the image's short side;
            "squash": the whole image, its aspect ratio lost;
            "pad": the whole image, black beside it (as `tf.image.resize_with_pad` does).
        interpolation: The filter of the resize, widened when it shrinks (antialiased).
        fast_previews: Whether a preview in a JPEG stands for it where it is large enough. It changes outputs, so it
            belongs to the settings that rows of one file share.
    """

    image_size: int
    crop: Crop = "center"
    interpolation: Interpolation = "bilinear"
    fast_previews: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known of an image that was loaded.

    Attributes:
        width: Its full width in pixels, as a viewer shows it (EXIF orientation applied).
        height: Its full height in pixels, as a viewer shows it.
        warning: One line where it may not look as it should (the file is damaged, cut off, or does not say what
            its samples mean), else None.
    """

    width: int
    height: int
    warning: str | None = None


def load_image(source: Source, preprocessing: Preprocessing, out: Pixels) -> Loaded:
    """Decode, orient, crop and resize one image into `out`. May be called from many threads at once.

    EXIF orientation is applied; alpha is laid over white; every colour mode becomes sRGB, by the colour profile
    of the file if it has one; of an animation or a file with several pages the first is taken.

    Args:
        source: What to read: its `data`, or else the file at its `path`, if that is a regular file.
        preprocessing: The recipe.
        out: uint8 [image_size, image_size, 3], filled with RGB, 0 to 255; undefined after an error.

    Returns:
        Its full size, and a warning if there is one.

    Raises:
        ImageError: The image cannot be read, or less than half of the rows of the crop are there; in one line that
            says why. Nothing else is raised.
    """
    from mobilenet_cli.images.decode import open_image, orientation
    from mobilenet_cli.images.flaws import warning_of

    with open_image(source) as image:
        width, height = image.size
        small = _shrunk(image, *_plan(width, height, preprocessing), preprocessing)
        turn = orientation(image)  # asked for last: a PNG may hold its EXIF behind the pixels
        warning = warning_of(image)
    # Turned only now, when it is small: all three crops are symmetric, so the picture is the same.
    _fill(out, small, turn)
    return Loaded(height, width, warning) if turn >= 5 else Loaded(width, height, warning)


def load_thumbnail(source: Source, side: int, *, fast_previews: bool = False) -> Pixels:
    """Decode, orient and shrink one image as `load_image` does, whole and in its own shape.

    Args:
        source: What to read.
        side: The longer side of the thumbnail in pixels; a smaller image keeps its size.
        fast_previews: See Preprocessing.

    Returns:
        uint8 [height, width, 3], RGB.

    Raises:
        ImageError: The image cannot be read, in one line that says why.
    """
    import numpy as np

    from mobilenet_cli.images.decode import open_image, orientation

    with open_image(source) as image:
        preprocessing = Preprocessing(min(side, max(image.size)), "pad", fast_previews=fast_previews)
        whole, size = _plan(*image.size, preprocessing)
        small = _shrunk(image, whole, size, preprocessing)
        turn = orientation(image)
    width, height = size[::-1] if turn >= 5 else size
    out = np.empty((height, width, 3), np.uint8)
    _fill(out, small, turn)
    return out


def _shrunk(image: ImageFile, box: Box, size: tuple[int, int], preprocessing: Preprocessing) -> Image:
    """Decode `image`, no larger than need be, and resize `box` (left, top, right, bottom) of it to `size`: sRGB.

    Colours are converted last, when the picture is small. That is as near to the converted picture made small as
    one resize is to another, and a thousandth of the pixels.
    """
    from PIL.Image import Resampling

    from mobilenet_cli.images.code_points import code_points_of
    from mobilenet_cli.images.decode import resizable
    from mobilenet_cli.images.flaws import check_rows

    image, box = _least(image, box, size, fast_previews=preprocessing.fast_previews)
    whole = resizable(image)
    check_rows(image, box[1], box[3])
    small = whole.resize(size, Resampling[preprocessing.interpolation.upper()], box)
    profile, points = image.info.get("icc_profile"), code_points_of(image)
    if not profile and not points and small.mode != "CMYK":
        return small
    from mobilenet_cli.images.colour import to_srgb

    return to_srgb(small, profile, points)


def _least(image: ImageFile, box: Box, size: tuple[int, int], *, fast_previews: bool) -> tuple[ImageFile, Box]:
    """Return the least to decode that has `box` of `image` in `size` pixels, and the box in it."""
    from mobilenet_cli.images.footprint import admit
    from mobilenet_cli.images.scaling import fit

    if fast_previews:
        from mobilenet_cli.images.previews import preview_of

        if (found := preview_of(image, box, size)) is not None:
            return found
    full = image.size
    box = fit(image, box, size)
    admit(image, full)
    return image, box


def _plan(width: int, height: int, preprocessing: Preprocessing) -> tuple[Box, tuple[int, int]]:
    """Return the part of the image that is used (left, top, right, bottom) and the size it is resized to."""
    target = preprocessing.image_size
    if preprocessing.crop == "center":
        side = CROP_FRACTION * min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        return (left, top, left + side, top + side), (target, target)
    if preprocessing.crop == "squash":
        return (0, 0, width, height), (target, target)
    shrink = target / max(width, height)
    return (0, 0, width, height), (max(1, round(width * shrink)), max(1, round(height * shrink)))


def _fill(out: Pixels, small: Image, turn: int) -> None:
    """Write `small` (L, RGB, La or RGBa), over white and turned as EXIF says, to the middle of `out`."""
    import numpy as np

    pixels: npt.NDArray[np.integer] = np.asarray(small)
    if small.mode in ("La", "RGBa"):
        colours, alpha = pixels[..., :-1], pixels[..., -1:]
        pixels = np.minimum(colours + (255 - alpha.astype(np.uint16)), 255)
    elif pixels.ndim == 2:
        pixels = pixels[..., None]
    # Turns 5 to 8 are 1 to 4 after the rows have become columns (EXIF 2.3, tag 274).
    if turn >= 5:
        pixels = pixels.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    height, width = pixels.shape[:2]
    top, left = (out.shape[0] - height) // 2, (out.shape[1] - width) // 2
    if pixels.shape[:2] != out.shape[:2]:
        out[...] = 0
    out[top : top + height, left : left + width] = pixels


def silence_decoder_warnings() -> None:
    """Keep the decoders' warnings (odd metadata, many pixels) from the terminal, for the whole process.

    For a program to call once: nothing else here changes global state. No warning costs an image.
    """
    import logging
    import warnings

    warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())
