"""Raw files of cameras, by LibRaw (rawpy): the JPEG that the camera made, or where there is none, the sensor's data.

The camera's own JPEG is what a viewer shows first, it costs a hundredth of a development, and it has the camera's
colours. Thumbnails are no pictures: they are passed over.
"""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

import rawpy
from PIL import Image
from PIL.ImageFile import ImageFile

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import check_size, guard
from mobilenet_cli.images.jpeg import JpegFile

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SMALLEST_PREVIEW = 500
"""The least longer side in pixels of a JPEG that stands for the picture, where the sensor has more."""
_SAME_SHAPE = 1.25
"""How much longer than the sensor's a JPEG's shape may be: cameras crop to 16:9, but a strip is no picture."""
_BYTES_PER_PIXEL = 8
"""What developing takes at half the size, a pixel of the sensor."""
_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}
"""EXIF's orientation of each of LibRaw's turns."""
_ORIENTATION, _SOFTWARE = 0x0112, 0x0131
"""Tags of EXIF."""


class Developed(ImageFile):
    """A picture made of the sensor's data, which stands upright."""

    format = "RAW"

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        self._pixels = pixels
        super().__init__(io.BytesIO())

    def _open(self) -> None:
        image = Image.fromarray(self._pixels)
        self._mode, self._size, self.im = image.mode, image.size, image.im


def open_raw(stream: IO[bytes]) -> ImageFile:
    """Open a raw file's picture.

    Raises:
        ImageError: LibRaw does not know the camera, or the file is damaged or too large.
    """
    guard().need(2 * stream.seek(0, 2))
    stream.seek(0)
    data = stream.read()
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            check_size(raw.sizes.raw_width, raw.sizes.raw_height)
            guard().need(2 * len(data) + _BYTES_PER_PIXEL * raw.sizes.raw_width * raw.sizes.raw_height)
            return _preview(raw) or Developed(_developed(raw))
    except rawpy.LibRawError as error:
        reason = error.args[0] if error.args else ""
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ImageError(f"a raw file that cannot be read ({words})") from error


def _preview(raw: rawpy.RawPy) -> ImageFile | None:
    """Return the JPEG that the camera made, or None where there is none worth the name."""
    try:
        thumbnail = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    if thumbnail.format is not rawpy.ThumbFormat.JPEG:
        return None
    try:
        image = JpegFile(io.BytesIO(bytes(thumbnail.data)))
    except (OSError, SyntaxError):
        return None
    across, down = raw.sizes.width, raw.sizes.height
    if max(image.size) < min(_SMALLEST_PREVIEW, max(across, down)):
        return None
    shape, of_sensor = (max(size) / min(size) for size in (image.size, (across, down)))
    if not 1 / _SAME_SHAPE < shape / of_sensor < _SAME_SHAPE:
        return None
    _turn(image, raw.sizes.flip, is_landscape=across > down)
    return image


def _turn(image: ImageFile, flip: int, *, is_landscape: bool) -> None:
    """Give the JPEG the raw file's orientation, unless it has its own, or stands upright already."""
    own = image.getexif()
    if own.get(_ORIENTATION, 1) != 1 and not str(own.get(_SOFTWARE)).startswith("dcraw"):  # LibRaw adds EXIF of its own
        return
    is_upright = flip in (5, 6) and (image.width > image.height) != is_landscape
    own[_ORIENTATION] = 1 if is_upright else _ORIENTATIONS.get(flip, 1)
    image.info["exif"] = own.tobytes()


def _developed(raw: rawpy.RawPy) -> npt.NDArray[np.uint8]:
    """Return the picture of half the sensor's width and height, uint8 [height, width, 3], sRGB and upright."""
    pixels: npt.NDArray[np.uint8] = raw.postprocess(use_camera_wb=True, half_size=True, output_bps=8)
    return pixels
