"""`.tar`, plain or compressed as a whole → the images in it, in the order of the file, by `tarfile`."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.formats import HEAD_BYTES
from mobilenet_cli.inputs.archives import STREAMED
from mobilenet_cli.inputs.archives.archive import CUT_OFF, Archive, ArchiveError, begins_as_image, damage
from mobilenet_cli.inputs.archives.compression import codec_of, decompressed
from mobilenet_cli.inputs.archives.forward import Forward
from mobilenet_cli.inputs.archives.in_place import FileState, reopened
from mobilenet_cli.records import Source

_MAX_HEADER = 1 << 20
"""Bytes that may be read to find the next member: long names and extended attributes come before it."""
_BEHIND_END = 1 << 20
"""Bytes behind the end of the archive in which more of it is looked for: programs fill the last block with zeros."""


def sources(archive: Archive) -> Iterator[Source]:
    """Yield the images of a tar: read where they lie if it is a plain file of this machine, else with their data.

    Raises:
        ArchiveError: It cannot be read, or not to its end.
    """
    with archive.opened() as file:
        codec = codec_of(file.peek(8), archive.path)
        if codec is None and not archive.is_remote:
            yield from _in_place(archive, Headers(file), FileState.of(file.fileno()))
        elif archive.rules.archives == "in_place":
            raise ArchiveError(STREAMED)
        else:
            with decompressed(file, codec) as stream:
                yield from _streamed(archive, stream)


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A member that is a part of a file of this machine.

    Attributes:
        path: The file.
        unchanged: Its state, in which the member lies there.
        begin: The offset of the member's first byte.
        size: The member's size in bytes.
    """

    path: str
    unchanged: FileState
    begin: int
    size: int

    def read(self) -> bytes:
        """Return the member. Raises an ImageError if the file was changed, or an OSError."""
        return self.first(self.size)

    def first(self, most: int) -> bytes:
        """Return the first bytes of the member, `most` at most, as `read` does."""
        size = min(most, self.size)
        with reopened(self.path, self.unchanged) as file:
            data = os.pread(file.fileno(), size, self.begin)
        if len(data) < size:
            raise ImageError(CUT_OFF)
        return data


class Headers:
    """The file as `tarfile` sees it, which asks for as many bytes as a header says: a hostile one, for gigabytes.

    Attributes:
        allowance: How many more bytes may be read.
        last: What was read last.
    """

    def __init__(self, file: Forward | object) -> None:
        self._file: Forward = file  # type: ignore[assignment]  # any binary file has these three methods
        self.allowance, self.last = 0, b""

    def read(self, count: int) -> bytes:
        """Read from the file. Raises an ArchiveError where that is too much."""
        if not 0 <= count <= self.allowance:
            raise ArchiveError("damaged: a header is too long")
        self.allowance -= count
        self.last = self._file.read(count)
        return self.last

    def seek(self, offset: int) -> int:
        """Go to an offset of the file."""
        return self._file.seek(offset)

    def tell(self) -> int:
        """Return the offset in the file."""
        return self._file.tell()


def members(headers: Headers) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar up to its end.

    Raises:
        ArchiveError: It is damaged, or does not end as a tar does.
    """
    tar: tarfile.TarFile | None = None
    before = -1
    while True:
        headers.allowance = _MAX_HEADER
        try:
            if tar is None:
                tar = tarfile.TarFile(fileobj=headers, encoding="utf-8")  # type: ignore[arg-type]
            member = tar.next()
        except (ArchiveError, ImageError):
            raise
        except Exception as error:  # tarfile's own, and whatever a hostile header leads it to
            raise ArchiveError(f"damaged, or no tar file ({damage(error)})") from error
        if member is None:
            break
        tar.members.clear()  # type: ignore[attr-defined]  # it would keep them all
        if member.size < 0 or tar.offset <= before:
            raise ArchiveError("damaged: a member ends before it begins")
        before = tar.offset
        yield member
    # tarfile ends without a word where a header is damaged or missing.
    if len(headers.last) < tarfile.BLOCKSIZE:
        raise ArchiveError("cut off: it ends without an end mark")
    if headers.last.strip(b"\0"):
        raise ArchiveError("damaged: what follows the last member is no header")
    headers.allowance = _BEHIND_END
    if headers.read(_BEHIND_END).strip(b"\0"):
        raise ArchiveError("behind its end there is more, which is not read: another archive?")


def _problem(member: tarfile.TarInfo) -> str | None:
    """Return why a member cannot be an image."""
    if member.issparse():
        return "a sparse file, which is not read"
    if member.isreg():
        return None
    if member.islnk() or member.issym():
        return f"a link to {damage(ValueError(member.linkname))}, which is not followed in an archive"
    return "not a regular file: a device or a FIFO"


def _found(archive: Archive, headers: Headers) -> Iterator[tuple[Source, tarfile.TarInfo]]:
    for member in members(headers):
        if member.isdir():
            continue
        source = archive.member(member.name, member.size, _problem(member))
        if source is not None:
            yield source, member


def _in_place(archive: Archive, headers: Headers, unchanged: FileState) -> Iterator[Source]:
    for source, member in _found(archive, headers):
        if source.error is not None:
            yield source
            continue
        if member.offset_data + member.size > unchanged.size:
            yield replace(source, error=CUT_OFF)
            return
        span = FileSpan(archive.path, unchanged, member.offset_data, member.size)
        if archive.takes_by_content(member.name) and not begins_as_image(span.first(HEAD_BYTES)):
            continue
        yield replace(source, content=span)


def _streamed(archive: Archive, stream: Forward) -> Iterator[Source]:
    for source, member in _found(archive, Headers(stream)):
        if source.error is not None:
            yield source
            continue
        try:
            data = stream.read(member.size)
        except ArchiveError as error:
            yield replace(source, error=str(error))
            return
        if len(data) < member.size:
            yield replace(source, error=CUT_OFF)
            return
        if archive.takes_by_content(member.name) and not begins_as_image(data):
            continue
        yield replace(source, data=data)
        del data  # or it would be kept until the next is there
