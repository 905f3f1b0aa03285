"""`.zip` → the images in it, in the order of its central directory, by `zipfile`."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.formats import HEAD_BYTES
from mobilenet_cli.inputs.archives.archive import CUT_OFF, Archive, ArchiveError, begins_as_image, damage, explained
from mobilenet_cli.inputs.archives.in_place import FileState, reopened
from mobilenet_cli.records import Source
from mobilenet_cli.remote.pieces import MAX_BYTES

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
# In the upper half of a member's attributes, programs of Unix note the type of the file.
_TYPE, _LINK = 0xF000, 0xA000


def sources(archive: Archive) -> Iterator[Source]:
    """Yield the images of a zip: read where they lie in a file of this machine, else with their data.

    Raises:
        ArchiveError: It cannot be read.
    """
    try:
        with explained():
            opened = OwnZip(archive.with_random_access())
    except ArchiveError:
        raise
    except Exception as error:  # BadZipFile, and whatever a hostile directory leads zipfile to
        raise ArchiveError(f"damaged, cut off, or no zip file ({damage(error)})") from error
    with opened:
        yield from _images(archive, opened)


def _images(archive: Archive, opened: OwnZip) -> Iterator[Source]:
    for info in opened.infolist():
        is_folder = info.filename.endswith("/")  # is_dir() fails where there is no name
        source = None if is_folder else archive.member(info.filename, info.file_size, _problem(info))
        if source is None or source.error is not None:
            yield from () if source is None else (source,)
            continue
        try:
            if archive.takes_by_content(info.filename) and not begins_as_image(_unpacked(opened, info, HEAD_BYTES)):
                continue
            if opened.state is None:
                yield replace(source, data=_unpacked(opened, info))
            else:
                yield replace(source, content=ZipMember(archive.path, opened.state, info))
        except ImageError as error:
            yield replace(source, error=str(error))


class OwnZip(zipfile.ZipFile):
    """A zip that closes its file, with itself or when nothing refers to it any more, and reads a bounded directory.

    Attributes:
        state: The file's state when its directory was read; None of a URL.
    """

    def __init__(self, file: Any) -> None:
        self._own = _Bounded(file)
        self.state = FileState.of(file.fileno()) if isinstance(file, io.FileIO) else None
        super().__init__(self._own)

    def close(self) -> None:
        """Close the zip and its file."""
        super().close()
        self._own.close()


class _Bounded:
    """The file as `zipfile` sees it, which asks for as many bytes as the file says that its directory has."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, count: int = -1) -> bytes:
        if not 0 <= count <= MAX_BYTES:
            if count < 0:  # zipfile reads the end of the file so, after it went there
                data: bytes = self._file.read(1 << 17)
                return data
            raise ArchiveError(f"its directory is larger than {MAX_BYTES >> 20} MiB")
        found: bytes = self._file.read(count)
        return found

    def seekable(self) -> bool:
        return True


class _WithoutDirectory(OwnZip):
    """A zip of which one member is read that is known already."""

    def _RealGetContents(self) -> None:  # noqa: N802 - zipfile's, which reads the directory
        pass


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A member of a zip of this machine. It may be read by several threads at once.

    Attributes:
        path: The zip.
        unchanged: Its state, in which the member lies there.
        info: Where it lies, as the directory says.
    """

    path: str
    unchanged: FileState
    info: zipfile.ZipInfo

    def read(self) -> bytes:
        """Return the member, unpacked.

        Raises:
            ImageError: It is damaged, or cannot be read, or the zip was changed.
        """
        try:
            file = reopened(self.path, self.unchanged)
        except OSError as error:
            raise ImageError(f"cannot be read: {error.strerror or error}") from error
        with _WithoutDirectory(file) as opened:
            return _unpacked(opened, self.info)


def _unpacked(opened: OwnZip, info: zipfile.ZipInfo, most: int | None = None) -> bytes:
    """Return a member, or its first bytes, `most` at most. Raises an ImageError if it is damaged or cannot be read."""
    size = info.file_size if most is None else min(most, info.file_size)
    try:
        with opened.open(info) as stream:
            data = stream.read(size)  # not read(), which unpacks more than the directory says
            if most is None:
                stream.read(1)  # at its end, the checksum is compared
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise ImageError(f"the archive is damaged here ({damage(error)})") from error
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}") from error
    if len(data) < size:
        raise ImageError(CUT_OFF)
    return data


def _problem(info: zipfile.ZipInfo) -> str | None:
    """Return why a member cannot be read."""
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if (info.external_attr >> 16) & _TYPE == _LINK:
        return "a link, which is not followed in an archive"
    if info.compress_type not in _METHODS:
        name = zipfile.compressor_names.get(info.compress_type, str(info.compress_type))  # type: ignore[attr-defined]
        return f"compressed by the method {name}, which is not read: only deflate is"
    return None
