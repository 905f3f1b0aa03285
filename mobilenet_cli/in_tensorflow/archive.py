"""Unpacking a tar or zip archive that somebody else made: into its folder and nowhere else."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.downloads.caps import check_bytes, check_files


def check(archive: Path) -> None:
    """Read through a tar archive, compressed or not, without unpacking it.

    Raises:
        ModelError: It is damaged or too large, or has a member that would land outside of its folder (by an absolute
            path, by "..", by a link) or is neither file, folder nor link.
    """
    unpacked = 0
    with _opened(archive) as tar:
        for number, member in enumerate(tar, start=1):
            _checked(member, archive.parent)
            unpacked += member.size
            check_files(number)
            check_bytes(unpacked)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar archive into `folder`, which is made. Owners, and permissions to execute, are left out.

    Raises:
        ModelError: As `check`; then nothing has been unpacked outside of `folder`.
    """
    check(archive)
    with _opened(archive) as tar:
        tar.extractall(folder, filter=lambda member, path: _checked(member, Path(path)))  # noqa: S202 - by its filter


def unzip(file: Path, folder: Path) -> None:
    """Unpack a zip archive into `folder`, which is made.

    Raises:
        ModelError: It is damaged or too large, or has a member that would land outside of its folder.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                name = PurePosixPath(member.filename)
                if name.is_absolute() or ".." in name.parts:
                    raise ModelError(f"the archive holds {member.filename!r}, which would land outside of its folder")
            check_files(len(archive.infolist()))
            check_bytes(sum(member.file_size for member in archive.infolist()))
            archive.extractall(folder)  # noqa: S202 - checked above
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise ModelError("it is not a zip archive, or not a whole one") from error


def _checked(member: tarfile.TarInfo, folder: Path) -> tarfile.TarInfo:
    try:
        if PurePosixPath(member.name).is_absolute():  # tarfile would strip the "/"
            raise tarfile.AbsolutePathError(member)
        return tarfile.data_filter(member, str(folder))
    except tarfile.SpecialFileError as error:
        raise ModelError(f"the archive holds {member.name!r}, which is neither file, folder nor link") from error
    except tarfile.FilterError as error:
        raise ModelError(f"the archive holds {member.name!r}, which would land outside of its folder") from error


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ModelError("it is not a tar archive, or not a whole one") from error
