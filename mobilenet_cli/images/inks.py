"""CMYK without a profile → sRGB, as offset print on coated paper looks and as viewers show it.

After Neugebauer: tiny areas of paper are bare, or covered by one, two, three or four inks, and the eye adds their
light. How large each area is follows if the inks' dots lie at random (Demichel). Light that enters bare paper may
leave it through ink, which darkens the print: Yule and Nielsen's exponent of 2 stands for paper where all does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SOLIDS = (
    (255, 255, 255),  # paper
    (0, 174, 239),  # cyan
    (236, 0, 140),  # magenta
    (46, 49, 146),  # cyan and magenta
    (255, 242, 0),  # yellow
    (0, 166, 81),  # cyan and yellow
    (237, 28, 36),  # magenta and yellow
    (54, 54, 57),  # cyan, magenta and yellow
)
"""SWOP's solid inks in sRGB, paper white and black point black: the usual web colours of the process inks."""

_BLACK = (35, 31, 32)


def cmyk_to_srgb(image: Image.Image) -> Image.Image:
    """Convert an image of CMYK, 255 being solid ink, to RGB. It takes some 100 bytes a pixel."""
    import numpy as np

    inks = np.asarray(image, np.float32).reshape(-1, 4) / 255
    areas = np.ones((len(inks), 1), np.float32)
    for ink in range(3):  # each new ink lies upon a share of every area that there is
        covered = inks[:, ink : ink + 1]
        areas = np.hstack([areas * (1 - covered), areas * covered])
    root = areas @ np.sqrt(_to_light(_SOLIDS))
    # Black is printed last, and lets its own share of the light through, whatever lies below.
    root *= 1 - inks[:, 3:] * (1 - np.sqrt(_to_light(_BLACK)))
    light = np.square(root)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    pixels = np.rint(255 * encoded.clip(0, 1)).astype(np.uint8)
    return Image.fromarray(pixels.reshape(image.height, image.width, 3))


def _to_light(srgb: object) -> npt.NDArray[np.float32]:
    """Return the linear light of sRGB colours, 0 to 1 (IEC 61966-2-1)."""
    import numpy as np

    encoded = np.asarray(srgb, np.float32) / 255
    light: npt.NDArray[np.float32] = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return light
