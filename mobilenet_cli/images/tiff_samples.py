"""TIFFs of samples that Pillow reads wrong or not at all: 16 bits and more, signed, float, in planes, with alpha.

libtiff unpacks them through Pillow, as if each byte were a sample; what the bytes mean is found out here.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.flaws import add_warning
from mobilenet_cli.images.scaling import Size
from mobilenet_cli.images.tiff_colours import picture

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FORMAT = 256, 257, 258, 259, 262, 339
_FILL_ORDER, _ORIENTATION, _SAMPLES, _PLANES, _PREDICTOR, _EXTRA = 266, 274, 277, 284, 317, 338
_STRIP_OFFSETS, _STRIP_ROWS, _STRIP_SIZES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES = 322, 323, 324, 325
_PROFILE = 34675

_PACKINGS = {1, 5, 8, 32773, 32946, 34925, 50000}
"""None, LZW, Deflate, PackBits, Deflate, LZMA, Zstandard: those that do not depend on what is packed."""
_TYPES = {1: "u", 2: "i", 3: "f", 4: "u"}
_LARGEST = 1 << 30
"""How many bytes the samples of a picture may have."""


def number(page: ImageFileDirectory_v2, tag: int, default: int = 0) -> int:
    """Return a tag's first value, a whole number."""
    return next(iter(numbers(page, tag, default)), default)


def numbers(page: ImageFileDirectory_v2, tag: int, default: int = 0) -> tuple[int, ...]:
    """Return a tag's values, whole numbers; one `default` where it is missing or holds no numbers."""
    value = page.get(tag)
    values = value if isinstance(value, tuple) else (value,)
    return values if values and all(isinstance(each, int) for each in values) else (default,)


class SampledTiff(ImageFile):
    """One page of a TIFF. Its mode is that of 8 bits a sample: L, LA, RGB, RGBA, RGBa, CMYK or LAB."""

    format = "TIFF"

    def __init__(self, stream: IO[bytes], page: ImageFileDirectory_v2) -> None:
        self._page = page
        super().__init__(stream)

    def _open(self) -> None:
        page = self._page
        self._size = number(page, WIDTH), number(page, HEIGHT)
        self._mode = "RGB"  # until it is known
        if _PROFILE in page:
            self.info["icc_profile"] = page[_PROFILE]
        if 2 <= (turn := number(page, _ORIENTATION, 1)) <= 8:
            exif = Image.Exif()
            exif[0x0112] = turn
            self.info["exif"] = exif.tobytes()

    def footprint(self, full: Size) -> int:
        """Return the bytes that decoding takes: see `footprint.Weighed`."""
        depth = max(numbers(self._page, BITS, 1))
        size = next((each for each in (8, 16, 32, 64) if depth <= each), depth) // 8
        # The packed strips, the unpacked ones as a picture and as an array, and their order in the picture.
        samples = full[0] * full[1] * max(1, number(self._page, _SAMPLES, 1)) * size
        return 4 * samples + 4 * full[0] * full[1]

    def load(self) -> Any:
        """Decode the page, if that was not done yet.

        Raises:
            ImageError: It is of a kind that is not known, or damaged.
        """
        if self._im is None:
            assert self.fp is not None  # noqa: S101 - it is open until the page is decoded
            decoded = picture(_samples(self.fp, self._page), self._page)
            self.im, self._mode = decoded.image.im, decoded.image.mode
            if decoded.warning:
                add_warning(self, decoded.warning)
        return Image.Image.load(self)


def _samples(stream: IO[bytes], page: ImageFileDirectory_v2) -> npt.NDArray[np.generic]:
    """Return a page's samples: [height, width, channels], in the type of the file."""
    import numpy as np

    width, height, channels = number(page, WIDTH), number(page, HEIGHT), number(page, _SAMPLES, 1)
    bits, kinds = set(numbers(page, BITS, 1)), set(numbers(page, FORMAT, 1))
    depth, kind = max(bits), _TYPES.get(max(kinds), "")
    sizes = {"u": range(1, 33), "i": (8, 16, 32), "f": (16, 32, 64)}.get(kind, ())
    if len(bits) > 1 or len(kinds) > 1 or depth not in sizes or number(page, COMPRESSION, 1) not in _PACKINGS:
        raise ImageError(f"a TIFF of a kind that cannot be read (bits {sorted(bits)}, format {sorted(kinds)})")
    if not 1 <= channels <= 64 or width * height * channels * depth > 8 * _LARGEST:
        raise ImageError(f"too large: {width} x {height} pixels of {channels} x {depth} bits")
    planes = channels if number(page, _PLANES, 1) == 2 else 1
    together = channels // planes
    in_tiles = _TILE_WIDTH in page
    across, down = (number(page, _TILE_WIDTH), number(page, _TILE_HEIGHT)) if in_tiles else (width, height)
    if across < 1 or down < 1:
        raise ImageError("a TIFF whose tiles have no size")
    rows = _rows(stream, page, planes, (across * together * depth + 7) // 8)
    values = _values(rows, across, together, depth, kind, page)
    columns, lines = -(-width // across), -(-height // down)
    if len(values) < planes * columns * lines * down:
        raise ImageError("the image is truncated (a TIFF with too few rows)")
    grid = values.reshape(planes, lines, columns, down, across, together)
    whole = grid.transpose(1, 3, 2, 4, 0, 5).reshape(lines * down, columns * across, channels)
    return np.asarray(whole[:height, :width])


def _rows(stream: IO[bytes], page: ImageFileDirectory_v2, planes: int, row: int) -> Bytes:
    """Return the unpacked bytes, [rows, bytes a row]: of one strip or tile below the other, plane after plane."""
    import numpy as np

    in_tiles = _TILE_WIDTH in page
    offsets = numbers(page, _TILE_OFFSETS if in_tiles else _STRIP_OFFSETS)
    sizes = numbers(page, _TILE_SIZES if in_tiles else _STRIP_SIZES)
    if number(page, COMPRESSION, 1) == 1 and len(sizes) != len(offsets):
        sizes = (1 << 40,) * len(offsets)
    height = number(page, HEIGHT)
    high = number(page, _TILE_HEIGHT) if in_tiles else min(number(page, _STRIP_ROWS, height) or height, height)
    pieces = []
    a_plane = len(offsets) if in_tiles else len(offsets) // planes
    for first in range(0, max(a_plane, 1) * (1 if in_tiles else planes), max(a_plane, 1)):
        count = high * a_plane if in_tiles else height
        parts = []
        for number_of, (offset, size) in enumerate(
            zip(offsets[first : first + a_plane], sizes[first : first + a_plane], strict=False)
        ):
            there = min(high, count - number_of * high)
            stream.seek(offset)
            parts.append(stream.read(min(size, there * row) if number(page, COMPRESSION, 1) == 1 else size))
        pieces.append(_unpacked(parts, page, row, count, high))
    return np.concatenate(pieces)


def _unpacked(parts: list[bytes], page: ImageFileDirectory_v2, row: int, height: int, high: int) -> Bytes:
    """Unpack strips of `high` rows, the last one may have fewer: uint8 [height, row]."""
    import numpy as np

    packing, order = number(page, COMPRESSION, 1), number(page, _FILL_ORDER, 1)
    if packing == 1:
        data = np.frombuffer(b"".join(parts), np.uint8)
        if data.size < height * row:
            raise ImageError("the image is truncated (a TIFF with too few bytes)")
        data = data[: height * row].reshape(height, row)
        return np.packbits(np.unpackbits(data, bitorder="little").reshape(height, -1), axis=1) if order == 2 else data
    file = io.BytesIO(_of_bytes(parts, row, height, high, packing, order))
    with TiffImageFile(file) as image:
        return np.asarray(image)


def _of_bytes(parts: list[bytes], row: int, height: int, high: int, packing: int, order: int) -> bytes:
    """Return a grey TIFF of 8 bits whose strips these are."""
    offsets, place = [], 8
    for part in parts:
        offsets.append(place)
        place += len(part)
    tags = {WIDTH: [row], HEIGHT: [height], BITS: [8], COMPRESSION: [packing], PHOTOMETRIC: [1], _FILL_ORDER: [order],
            _STRIP_OFFSETS: offsets, _SAMPLES: [1], _STRIP_ROWS: [high],
            _STRIP_SIZES: [len(part) for part in parts]}  # fmt: skip
    lists = place + 2 + 12 * len(tags) + 4
    entries, behind = b"", b""
    for tag, values in tags.items():
        packed = struct.pack(f"<{len(values)}I", *values)
        where = packed if len(values) == 1 else struct.pack("<I", lists + len(behind))
        behind += packed if len(values) > 1 else b""
        entries += struct.pack("<HHI", tag, 4, len(values)) + where
    head = b"II*\0" + struct.pack("<I", place)
    return head + b"".join(parts) + struct.pack("<H", len(tags)) + entries + bytes(4) + behind


def _values(
    rows: Bytes, width: int, channels: int, depth: int, kind: str, page: ImageFileDirectory_v2
) -> npt.NDArray[np.generic]:
    """Return what the bytes of the rows mean: [rows, width, channels]."""
    import numpy as np

    if depth not in (8, 16, 32, 64):
        return np.concatenate(list(_loose_bits(rows, width * channels, depth))).reshape(-1, width, channels)
    size = depth // 8
    predictor = number(page, _PREDICTOR, 1) if number(page, COMPRESSION, 1) != 1 else 1
    if predictor == 3:
        summed = np.cumsum(rows.reshape(len(rows), -1, channels), axis=1, dtype=np.uint8)
        planes = summed.reshape(len(rows), size, width * channels).swapaxes(1, 2)
        return np.ascontiguousarray(planes).view(f">f{size}").reshape(-1, width, channels)
    order = "<" if page.prefix == b"II" else ">"
    values = np.ascontiguousarray(rows).view(f"{order}u{size}").reshape(-1, width, channels)
    if predictor == 2:
        values = np.cumsum(values, axis=1, dtype=f"u{size}")
        return values.view(f"{kind}{size}")
    return values.view(f"{order}{kind}{size}")


def _loose_bits(rows: Bytes, count: int, depth: int) -> Iterator[npt.NDArray[np.generic]]:
    """Yield the samples of rows where they are not whole bytes, [rows, count], a block of rows at a time."""
    import numpy as np

    weights = 2 ** np.arange(depth - 1, -1, -1, dtype=np.uint32)
    for start in range(0, len(rows), 64):
        bits = np.unpackbits(rows[start : start + 64], axis=1)[:, : count * depth]
        yield (bits.reshape(len(bits), count, depth) @ weights).astype(np.uint32 if depth > 16 else np.uint16)
