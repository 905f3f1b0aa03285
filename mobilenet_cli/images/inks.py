"""CMYK without a profile → sRGB, as offset print on coated paper looks and as viewers show it.

After Neugebauer: tiny areas of paper are bare, or covered by one, two, three or four inks, and the eye adds their
light. How large each area is follows if the inks' dots lie at random (Demichel). Light that enters bare paper may
leave it through ink, which darkens the print: Yule and Nielsen's exponent of 2 stands for paper where all does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from mobilenet_cli.images import srgb

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
    root = areas @ np.sqrt(_light_of(_SOLIDS))
    # Black is printed last, and lets its own share of the light through, whatever lies below.
    root *= 1 - inks[:, 3:] * (1 - np.sqrt(_light_of(_BLACK)))
    pixels = srgb.to_bytes(np.square(root))
    return Image.fromarray(pixels.reshape(image.height, image.width, 3))


def _light_of(inks: object) -> npt.NDArray[np.float32]:
    """Return the light of inks in sRGB, 0 to 1."""
    import numpy as np

    samples: npt.NDArray[np.float32] = np.asarray(inks, np.float32) / np.float32(255)
    return srgb.to_light(samples)
