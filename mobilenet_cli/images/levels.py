"""Samples of any depth → 8 bits: which sample is black, and which is white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.generic]

_BLOCK = 1 << 20
"""How many samples are scaled at a time."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What samples stand for black and white.

    Attributes:
        black: The sample that becomes 0.
        white: The sample that becomes 255.
        warning: One line where that is a guess, else None.
    """

    black: float
    white: float
    warning: str | None = None


def levels_of(samples: Samples, declared: tuple[float, float] | None = None, bits: int | None = None) -> Levels:
    """Find out what stands for black and white.

    Args:
        samples: Of an integer or float type. NaN and infinities are not looked at.
        declared: The lowest and the highest sample that the file says it may have, if it does.
        bits: How many bits a sample of the file has, where that is not its type's number.
    """
    import numpy as np

    if samples.dtype.kind == "f":
        finite = np.isfinite(samples)
        least, most = (float(f(samples, where=finite, initial=0)) for f in (np.min, np.max))
    else:
        least, most = (float(samples.min()), float(samples.max())) if samples.size else (0.0, 0.0)
    if declared is not None and declared[0] < declared[1] and declared[0] <= least and most <= declared[1]:
        return Levels(*declared)
    if samples.dtype.kind == "f":
        return _first_that_holds((1.0, 255.0, 65535.0), most)
    bits, is_signed = bits or samples.dtype.itemsize * 8, samples.dtype.kind == "i"
    return (_of_long_integers if bits > 16 else _of_integers)(bits, least, most, is_signed=is_signed)


def _of_integers(bits: int, least: float, most: float, *, is_signed: bool) -> Levels:
    half = 2.0 ** (bits - 1)
    if not is_signed:
        return _with_warning(0, 2 * half - 1, most, bits)
    if least < -half / 4:
        return Levels(-half, half - 1)
    if least >= 0 or most > half / 4:
        return _with_warning(0, half - 1, most, bits)
    return Levels(least, max(most, least + 1), f"its samples, {least:.0f} to {most:.0f}, were taken for the full range")


def _with_warning(black: float, white: float, most: float, bits: int) -> Levels:
    """Look whether the samples have the bits that the file says they have."""
    if bits == 16 and 2048 <= most <= 4095:
        # A photograph of 16 bits would be all but black.
        return Levels(black, 4095, "no sample needs more than 12 of its 16 bits: 4095 was taken for white")
    if bits == 16 and 255 < most < white / 4:
        return Levels(black, white, f"very dark, or of fewer bits than it says: no sample is above {most / white:.0%}")
    return Levels(black, white)


def _of_long_integers(bits: int, least: float, most: float, *, is_signed: bool) -> Levels:
    full = 2.0**bits
    if is_signed and least < -full / 8:
        return Levels(-full / 2, full / 2 - 1)
    if not is_signed and most > full / 2:
        return Levels(0, full - 1)
    return _first_that_holds((255.0, 65535.0), most)


def _first_that_holds(scales: tuple[float, ...], most: float) -> Levels:
    """Take the first usual full scale that no sample exceeds for white, else the greatest sample."""
    for scale in scales:
        if most <= scale:
            return Levels(0, scale)
    return Levels(0, most, "the file does not say which sample is white: the greatest was taken")


def to_bytes(samples: Samples, levels: Levels) -> npt.NDArray[np.uint8]:
    """Scale samples to 0…255, rounded; what lies beyond black or white is clipped, NaN is black."""
    import numpy as np

    flat = np.ascontiguousarray(samples).reshape(-1)
    out = np.empty(flat.shape, np.uint8)
    scale = 255 / (levels.white - levels.black)
    for start in range(0, flat.size, _BLOCK):
        block = flat[start : start + _BLOCK].astype(np.float64)
        block -= levels.black
        block *= scale
        np.nan_to_num(block, copy=False, nan=0, posinf=255, neginf=0)
        out[start : start + _BLOCK] = np.rint(block.clip(0, 255, out=block), out=block)
    return out.reshape(samples.shape)
