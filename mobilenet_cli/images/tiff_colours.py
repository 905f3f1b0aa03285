"""A TIFF's samples → an image of 8 bits: what its photometric interpretation says they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.levels import Levels, levels_of, to_bytes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    Samples = npt.NDArray[np.generic]

_BITS, _PHOTOMETRIC, _COLOUR_MAP, _EXTRA = 258, 262, 320, 338
_LEAST = (340, 280)
_MOST = (341, 281)
"""SMinSampleValue and SMaxSampleValue; MinSampleValue and MaxSampleValue."""
_GREY_INVERTED, _GREY, _RGB, _PALETTE, _CMYK, _LAB, _ICC_LAB = 0, 1, 2, 3, 5, 8, 9
_COLOURS = {_GREY_INVERTED: 1, _GREY: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _LAB: 3, _ICC_LAB: 3}
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}


@dataclass(frozen=True, slots=True)
class Decoded8:
    """A picture of 8 bits, and one line where something about it was guessed."""

    image: Image.Image
    warning: str | None = None


def picture(samples: Samples, page: ImageFileDirectory_v2) -> Decoded8:
    """Make a picture of a page's samples, [height, width, channels].

    Raises:
        ImageError: Its photometric interpretation is not known, or does not go with the samples.
    """
    photometric = page.get(_PHOTOMETRIC, _GREY)
    colours = _COLOURS.get(photometric)
    if colours is None or samples.shape[2] < colours:
        raise ImageError(f"a TIFF of a kind that cannot be read (photometric interpretation {photometric})")
    if photometric == _PALETTE:
        return Decoded8(_through_map(samples[..., 0], page))
    if photometric in (_LAB, _ICC_LAB):
        return Decoded8(_lab(samples[..., :3], signed=photometric == _LAB))
    levels = _levels(samples[..., :colours], page, is_ink=photometric == _CMYK)
    pixels = to_bytes(samples[..., :colours], levels)
    if photometric == _GREY_INVERTED:
        pixels = 255 - pixels
    return Decoded8(_with_alpha(pixels, samples, page), levels.warning)


def _levels(colours: Samples, page: ImageFileDirectory_v2, *, is_ink: bool) -> Levels:
    if is_ink and colours.dtype.kind == "u":
        return Levels(0, 2.0 ** _bits(page) - 1)
    return levels_of(colours, _declared(page), _bits(page))


def _bits(page: ImageFileDirectory_v2) -> int:
    bits = page.get(_BITS, 1)
    return int(bits[0] if isinstance(bits, tuple) else bits)


def _declared(page: ImageFileDirectory_v2) -> tuple[float, float] | None:
    """Return the lowest and highest sample that the file says it may have, or None."""
    for least, most in zip(_LEAST, _MOST, strict=True):
        highest = page.get(most)
        if highest is not None:
            lowest = page.get(least, 0)
            return _extreme(min, lowest), _extreme(max, highest)
    return None


def _extreme(function: object, value: object) -> float:
    values = value if isinstance(value, tuple) else (value,)
    return float(function(float(each) for each in values))  # type: ignore[operator]


def _with_alpha(pixels: npt.NDArray[np.uint8], samples: Samples, page: ImageFileDirectory_v2) -> Image.Image:
    """Return the colours with the alpha that lies behind them among the samples, if one does."""
    import numpy as np

    colours = pixels.shape[2]
    extra = page.get(_EXTRA, ())
    kinds = extra if isinstance(extra, tuple) else (extra,)
    place = next((colours + number for number, kind in enumerate(kinds) if kind in (1, 2)), None)
    if place is None or place >= samples.shape[2] or colours == 4:
        return Image.frombytes(_MODES[colours], pixels.shape[1::-1], pixels.tobytes())
    of_alpha = samples[..., place]
    alpha = to_bytes(of_alpha, Levels(0, 1) if of_alpha.dtype.kind == "f" else Levels(0, 2.0 ** _bits(page) - 1))
    is_premultiplied = kinds[place - colours] == 1
    both = np.dstack([pixels, alpha])
    if not is_premultiplied:
        return Image.fromarray(both)
    rgba = both if colours == 3 else np.dstack([np.repeat(pixels, 3, axis=2), alpha])
    return Image.frombytes("RGBa", rgba.shape[1::-1], rgba.tobytes())


def _through_map(indexes: Samples, page: ImageFileDirectory_v2) -> Image.Image:
    import numpy as np

    colours = np.asarray(page.get(_COLOUR_MAP, ()), np.float64).reshape(3, -1).T
    if indexes.size and int(indexes.max()) >= len(colours):
        raise ImageError("a TIFF whose palette has too few colours")
    table = colours if colours.max(initial=0) < 256 else colours / 257
    return Image.fromarray(np.rint(table).astype(np.uint8)[indexes])


def _lab(samples: Samples, *, signed: bool) -> Image.Image:
    """Return a LAB image: lightness 0 to 255, a and b from -128 on, stored above 128."""
    import numpy as np

    shift = samples.dtype.itemsize * 8 - 8
    if samples.dtype.kind == "f":
        raise ImageError("a TIFF of a kind that cannot be read (Lab as floats)")
    whole = samples.astype(np.uint32) & (0xFFFF if shift else 0xFF)
    upper = np.minimum((whole + ((1 << shift) >> 1)) >> shift, 255).astype(np.uint8)
    if signed:  # two's complement
        chroma = (whole[..., 1:] >> shift).astype(np.uint8) ^ 0x80
        upper = np.dstack([upper[..., :1], chroma])
    return Image.frombytes("LAB", upper.shape[1::-1], _packed(upper))


def _packed(lab: npt.NDArray[np.uint8]) -> bytes:
    """Return the bytes that Pillow unpacks to LAB: it takes a and b for two's complement."""
    import numpy as np

    stored = lab.copy()
    stored[..., 1:] ^= 0x80
    return np.ascontiguousarray(stored).tobytes()
