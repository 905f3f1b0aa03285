"""PNG: read by Pillow, after a repair where Pillow refuses what viewers show.

Pillow refuses texts and profiles of more than 1 MiB, and a wrong checksum in any chunk. Its switches against that
are the whole process's. So such a file is written once more in memory, without what is wrong with it.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any

from PIL.PngImagePlugin import PngImageFile

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import guard
from mobilenet_cli.images.code_points import CodePoints, note_code_points
from mobilenet_cli.images.flaws import cut_off
from mobilenet_cli.images.footprint import encoded_size, of_pixels
from mobilenet_cli.images.png_rows import CheckedChunk, first_rows

Chunk = tuple[bytes, bytes]
"""A chunk's type and data."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CODE_POINTS = re.compile(rb"\0\0\0\x04cICP(..)", re.DOTALL)
_HEAD = 1 << 16
_NEEDED = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_MOST_CHUNKS = 256
_LONGEST_TEXT = 1 << 16  # of those that are kept: some hold EXIF or XMP, and with them the orientation
_LARGEST_PROFILE = 1 << 25


def open_png(stream: IO[bytes]) -> PngImageFile:
    """Open a PNG. A chunk that Pillow refuses and that no pixel needs is left out.

    Raises:
        Exception: As Pillow raises, where that does not help.
    """
    try:
        if not _is_crowded(stream):
            return PngFile(stream)
    except MemoryError:
        raise
    except Exception:  # noqa: S110 - of a chunk that is left out, or it is raised again
        pass
    guard().need(4 * encoded_size(stream))
    stream.seek(0)
    chunks = list(_sound(_chunks(stream.read())))
    image = PngFile(io.BytesIO(_file(chunks)))
    if (profile := _profile(chunks)) is not None:
        image.info["icc_profile"] = profile
    return image


def _is_crowded(stream: IO[bytes]) -> bool:
    """Return whether a PNG has very many chunks before its pixels: Pillow takes ever longer for each."""
    place = len(_SIGNATURE)
    try:
        for _ in range(_MOST_CHUNKS):
            stream.seek(place)
            head = stream.read(8)
            if len(head) < 8 or head[4:] == b"IDAT":
                return False
            place += 12 + int.from_bytes(head[:4], "big")
        return True
    finally:
        stream.seek(0)


class PngFile(PngImageFile):
    """A PNG that is repaired, too, where Pillow refuses a chunk behind the pixels, or pixels are missing."""

    def _open(self) -> None:
        self._stream = self.fp
        super()._open()
        assert self._stream is not None  # noqa: S101 - it has just been read
        place = self._stream.tell()
        self._stream.seek(0)
        points = _CODE_POINTS.search(self._stream.read(_HEAD).partition(b"IDAT")[0])
        self._stream.seek(place)
        if points is not None:  # they go before a profile (PNG, third edition, 4.3)
            self.info.pop("icc_profile", None)
            note_code_points(self, CodePoints(points[1][0], points[1][1]))

    def load(self) -> Any:
        """Decode the image, if that was not done yet."""
        try:
            return super().load()
        except MemoryError:
            raise
        except Exception:
            assert self._stream is not None  # noqa: S101 - _open has set it
            # The chunks and the file that is made of them; its picture, and that of the first rows with their bytes.
            guard().need(4 * encoded_size(self._stream) + 4 * of_pixels(self))
            self._stream.seek(0)
            chunks = list(_chunks(self._stream.read()))
            whole = PngImageFile(io.BytesIO(_file(list(_sound(chunks)))))
            try:
                whole.load()
            except Exception:
                whole = self._first_rows(chunks)
                whole.load()
            self.im, self.tile = whole.im, []
            return super().load()

    def _first_rows(self, chunks: list[CheckedChunk]) -> PngImageFile:
        """Return the image of the rows before the damage, black below, and note on this one how many there are.

        Raises:
            ImageError: It is interlaced: its rows are spread over the whole file.
        """
        there = first_rows(chunks)
        if there is None:
            raise ImageError("the image is truncated or damaged (an interlaced PNG)")
        cut_off(self, there.share, "damaged" if there.is_damaged else "cut off")
        sound = [chunk for chunk in _sound(chunks) if chunk[0] != b"IDAT"]
        return PngImageFile(io.BytesIO(_file([*sound, (b"IDAT", zlib.compress(there.data, 1))])))


def _chunks(data: bytes) -> Iterator[CheckedChunk]:
    """Yield each chunk's type, data and whether its checksum is right, up to where the file is cut off."""
    place = len(_SIGNATURE)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + length]
        checksum = data[place + 8 + length : place + 12 + length]
        yield kind, content, checksum == struct.pack(">I", zlib.crc32(kind + content))
        place += 12 + length


def _sound(chunks: Iterable[CheckedChunk]) -> Iterator[Chunk]:
    """Yield the chunks but for those that are not needed and are damaged, or texts and long, or very many."""
    others = 0
    for kind, content, is_right in chunks:
        others += kind not in _NEEDED
        if kind in _NEEDED or (is_right and others <= _MOST_CHUNKS and not _is_long_text(kind, content)):
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
