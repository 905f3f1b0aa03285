"""PNG: read by Pillow, after a repair where Pillow refuses what viewers show.

Pillow refuses texts and profiles of more than 1 MiB, and a wrong checksum in any chunk. Its switches against that
are the whole process's. So such a file is written once more in memory, without what is wrong with it.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any

from PIL.PngImagePlugin import PngImageFile

Chunk = tuple[bytes, bytes]
"""A chunk's type and data."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NEEDED = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_LONGEST_TEXT = 1 << 16  # of those that are kept: some hold EXIF or XMP, and with them the orientation
_LARGEST_PROFILE = 1 << 25


def open_png(stream: IO[bytes]) -> PngImageFile:
    """Open a PNG. A chunk that Pillow refuses and that no pixel needs is left out.

    Raises:
        Exception: As Pillow raises, where that does not help.
    """
    try:
        return PngFile(stream)
    except Exception:
        stream.seek(0)
        chunks = list(_sound(_chunks(stream.read())))
        image = PngFile(io.BytesIO(_file(chunks)))
        if (profile := _profile(chunks)) is not None:
            image.info["icc_profile"] = profile
        return image


class PngFile(PngImageFile):
    """A PNG that is repaired, too, where Pillow refuses a chunk behind the pixels."""

    def _open(self) -> None:
        self._stream = self.fp
        super()._open()

    def load(self) -> Any:
        """Decode the image, if that was not done yet."""
        try:
            return super().load()
        except Exception:
            assert self._stream is not None  # noqa: S101 - _open has set it
            self._stream.seek(0)
            whole = PngImageFile(io.BytesIO(_file(list(_sound(_chunks(self._stream.read()))))))
            whole.load()  # raises once more where the pixels are damaged
            self.im, self.tile = whole.im, []
            return super().load()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield each chunk's type, data and whether its checksum is right, up to where the file is cut off."""
    place = len(_SIGNATURE)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + length]
        checksum = data[place + 8 + length : place + 12 + length]
        yield kind, content, checksum == struct.pack(">I", zlib.crc32(kind + content))
        place += 12 + length


def _sound(chunks: Iterable[tuple[bytes, bytes, bool]]) -> Iterator[Chunk]:
    """Yield the chunks but for those that are not needed and are damaged, or texts and long."""
    for kind, content, is_right in chunks:
        if kind in _NEEDED or (is_right and not _is_long_text(kind, content)):
            yield kind, content


def _is_long_text(kind: bytes, content: bytes) -> bool:
    if kind not in (b"tEXt", b"zTXt", b"iTXt"):
        return False
    if len(content) > _LONGEST_TEXT:
        return True
    packed = content.partition(b"\0")[2]
    if kind == b"zTXt":
        packed = packed[1:]
    elif packed[:1] == b"\1":  # of iTXt: a flag, the method, a language, a translated keyword, the text
        packed = packed[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        return False
    try:
        return len(zlib.decompressobj().decompress(packed, _LONGEST_TEXT + 1)) > _LONGEST_TEXT
    except zlib.error:
        return True


def _file(chunks: list[Chunk]) -> bytes:
    """Return the PNG of these chunks; without a profile, which Pillow may refuse, and whole."""
    kept = [chunk for chunk in chunks if chunk[0] not in (b"iCCP", b"IEND")] + [(b"IEND", b"")]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in kept
    )


def _profile(chunks: list[Chunk]) -> bytes | None:
    """Return the colour profile, or None where there is none that can be read."""
    packed = next((content for kind, content in chunks if kind == b"iCCP"), b"").partition(b"\0")[2]
    try:
        return zlib.decompressobj().decompress(packed[1:], _LARGEST_PROFILE) or None
    except zlib.error:
        return None
