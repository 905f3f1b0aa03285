"""Colours of a space that a file names by numbers → sRGB: those of ITU-T H.273 (CICP), which HEIC, AVIF and PNG have.

Two numbers matter here: which colours the three primaries are, and how samples stand for light.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

from mobilenet_cli.images import srgb
from mobilenet_cli.images.flaws import add_warning

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Light = npt.NDArray[np.float64]

_WHITE = (0.3127, 0.3290)
_SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_PRIMARIES = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020 and BT.2100
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
"""The red, green and blue of each space that is converted, all with the white D65 (H.273, table 2). The others are near
to sRGB (BT.709, BT.601), or for film and cinemas."""
_PQ, _HLG = 16, 18
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_WHITE_NITS = 203
"""The light of white paper in a picture of high dynamic range (ITU-R BT.2408)."""
_KEY = "\0code points"


@dataclass(frozen=True, slots=True)
class CodePoints:
    """The numbers of a colour space.

    Attributes:
        primaries: Its primaries.
        transfer: How samples stand for light.
    """

    primaries: int
    transfer: int

    @property
    def is_srgb(self) -> bool:
        """Whether its pictures look right as they are. Viewers show video's curve (BT.709) as sRGB's, too."""
        return self.primaries not in _PRIMARIES and self.transfer not in (_PQ, _HLG, *_GAMMAS)


def note_code_points(image: Image.Image, points: CodePoints) -> None:
    """Note on an image the code points that its file names."""
    if points.is_srgb:
        return
    image.info[_KEY] = points
    if points.transfer in (_PQ, _HLG) and not image.info.get("icc_profile"):
        add_warning(image, "of a high dynamic range: what is brighter than white became white")


def code_points_of(image: Image.Image) -> CodePoints | None:
    """Return the code points that were noted on the image, or None."""
    points: CodePoints | None = image.info.get(_KEY)
    return points


def of_container(head: bytes) -> CodePoints | None:
    """Return the code points that the head of a HEIF container names (a box colr of type nclx, ISO 14496-12)."""
    found = re.search(rb"colrnclx(..)(..)", head, re.DOTALL)
    return found and CodePoints(int.from_bytes(found[1], "big"), int.from_bytes(found[2], "big"))


def convert(image: Image.Image, points: CodePoints) -> Image.Image:
    """Convert a small image, L or RGB, to sRGB. What is brighter than white becomes white."""
    import numpy as np

    light = _light(np.asarray(image.convert("RGB"), np.float64) / 255, points.transfer)
    primaries = _PRIMARIES.get(points.primaries)
    if primaries is not None:
        light = light @ (np.linalg.inv(_to_xyz(_SRGB)) @ _to_xyz(primaries)).T
    return Image.fromarray(srgb.to_bytes(light))


def _light(samples: Light, transfer: int) -> Light:
    """Return the light of samples, 0 to 1; 1 is white, or more where there is more than white."""
    import numpy as np

    if transfer in _GAMMAS:
        return samples ** _GAMMAS[transfer]
    if transfer == _PQ:  # SMPTE ST 2084
        root = samples ** (1 / 78.84375)
        light: Light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return 10_000 / _WHITE_NITS * light ** (1 / 0.1593017578125)
    if transfer == _HLG:  # ARIB STD-B67, on a screen of 1,000 nits
        scene = np.where(
            samples <= 0.5, samples**2 / 3, (np.exp((samples - 0.55991073) / 0.17883277) + 0.28466892) / 12
        )
        luminance = scene @ (0.2627, 0.6780, 0.0593)
        shown: Light = 1000 / _WHITE_NITS * luminance[..., None] ** 0.2 * scene
        return shown
    return srgb.to_light(samples)


@lru_cache(maxsize=4)
def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> Light:
    """Return the matrix that turns light of these primaries, with the white D65, into XYZ."""
    import numpy as np

    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    x, y = _WHITE
    matrix: Light = columns * np.linalg.solve(columns, (x / y, 1, (1 - x - y) / y))
    return matrix
