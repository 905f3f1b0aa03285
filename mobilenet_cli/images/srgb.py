"""sRGB's samples and the light that they stand for (IEC 61966-2-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Real = TypeVar("_Real", np.float32, np.float64)


def to_light(samples: NDArray[_Real]) -> NDArray[_Real]:
    """Return the light of samples, 0 to 1, of the same shape and type: 0 to 1, where 1 is white."""
    import numpy as np

    light: NDArray[_Real] = np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)
    return light


def to_bytes(light: NDArray[_Real]) -> NDArray[np.uint8]:
    """Return light, where 1 is white, as samples of a byte, uint8 of the same shape. What is brighter becomes white."""
    import numpy as np

    light = light.clip(0, 1)
    samples = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    rounded: NDArray[np.uint8] = np.rint(255 * samples).astype(np.uint8)
    return rounded
