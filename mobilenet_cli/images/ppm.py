"""PPM, PGM and PBM: the header without comments, and samples that Pillow reads one by one in Python, read by NumPy."""

from __future__ import annotations

import io
import re
from typing import IO, TYPE_CHECKING

from PIL.PpmImagePlugin import PpmImageFile

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import check_size, guard

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.integer]

_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_HEADER = re.compile(rb"P([1-6])" + _GAP + rb"(\d{1,10})" + _GAP + rb"(\d{1,10})")
_MOST = re.compile(_GAP + rb"(\d{1,10})")
_COMMENT = re.compile(rb"#[^\r\n]*")
_BYTES_PER_SAMPLE = 14
_WORD, _BYTE = 65535, 255


def open_ppm(stream: IO[bytes]) -> PpmImageFile:
    """Open a picture of the PPM family.

    Raises:
        ImageError: It is cut off, or has a sample that cannot be.
        Exception: As Pillow raises.
    """
    guard().need(3 * stream.seek(0, 2))
    stream.seek(0)
    data = stream.read()
    header = _HEADER.match(data)
    if header is None:  # floats, or no picture
        return PpmImageFile(io.BytesIO(data))
    kind, size = int(header[1]), (int(header[2]), int(header[3]))
    start, most = header.end(), 1
    if kind not in (1, 4):
        found = _MOST.match(data, start)
        if found is None or not 0 < (most := int(found[1])) <= _WORD:
            raise ImageError("the image is damaged (a PPM whose greatest sample is no number from 1 to 65535)")
        start = found.end()
    start += 1
    if kind == 4 or (kind > 4 and most in (_BYTE, _WORD) and (kind, most) != (6, _WORD)):
        depth = b"" if kind == 4 else b"%d\n" % most
        return PpmImageFile(io.BytesIO(b"P%d\n%d %d\n%s" % (kind, *size, depth) + memoryview(data)[start:]))
    check_size(*size)
    count = size[0] * size[1] * (3 if kind in (3, 6) else 1)
    guard().need(2 * len(data) + _BYTES_PER_SAMPLE * count)
    return _of_samples(kind, size, _samples(kind, data[start:], count, most), most)


def _samples(kind: int, data: bytes, count: int, most: int) -> Samples:
    """Return the samples, `count` of them.

    Raises:
        ImageError: There are fewer, or one is above `most`.
    """
    import numpy as np

    samples: Samples
    if kind == 1:
        letters = np.frombuffer(_COMMENT.sub(b"", data), np.uint8)
        samples = letters[letters > ord(" ")][:count] - ord("0")
    elif kind in (2, 3):
        samples = np.fromstring(_COMMENT.sub(b"", data).decode("latin-1"), np.int64, count, sep=" ")
    else:
        samples = np.frombuffer(
            data, np.uint8 if most <= _BYTE else ">u2", min(count, len(data) // (1 + (most > _BYTE)))
        )
    if len(samples) < count:
        raise ImageError(f"the image is truncated ({len(samples):,} of {count:,} samples are there)")
    if kind > 3:
        return samples
    if samples.size and not 0 <= int(samples.min()) <= int(samples.max()) <= most:
        raise ImageError(f"the image is damaged (a PPM with samples that are not from 0 to {most})")
    return samples


def _of_samples(kind: int, size: tuple[int, int], samples: Samples, most: int) -> PpmImageFile:
    """Return the picture in a form that Pillow reads at once: of 16 bits if it is grey and has more than 8."""
    import numpy as np

    is_colour = kind in (3, 6)
    white = _WORD if most > _BYTE and not is_colour else _BYTE
    table = np.rint(np.arange(most + 1) / most * white).astype(">u2" if white == _WORD else np.uint8)
    if kind == 1:  # 1 is black
        table = table[::-1]
    values = table[np.minimum(samples, most)]
    return PpmImageFile(io.BytesIO(b"P%d\n%d %d\n%d\n" % (6 if is_colour else 5, *size, white) + values.tobytes()))
