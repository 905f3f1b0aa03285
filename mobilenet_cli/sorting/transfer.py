"""Copies and moves of one file that replace nothing, and that a kill leaves undone or done."""
# A path stays the string that was typed, and may hold bytes that are no text.
# ruff: noqa: PTH104, PTH108, PTH116, PTH118, PTH120, PTH123

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPORARY = ".mnclassify-sort.tmp"
"""The name of a copy that is not complete, in the folder that it is made for: only one run at a time works there."""

_CHUNK = 1 << 20
_NO_REPLACE = 1
_HERE = -100  # AT_FDCWD
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM, errno.EMLINK}


def copy(source: str, target: str) -> str:
    """Copy a file with its times and permissions, and return the SHA-256 of its content.

    The copy appears as `target` when it is complete and on the disk.

    Raises:
        FileExistsError: There is a `target`.
        OSError: It cannot be read or written, or was changed meanwhile; there is no `target`.
    """
    temporary = os.path.join(os.path.dirname(target), TEMPORARY)
    discard(temporary)
    try:
        digest = _write(source, temporary)
        rename(temporary, target)
    except BaseException:
        discard(temporary)
        raise
    return digest


def _write(source: str, temporary: str) -> str:
    digest = hashlib.sha256()
    with open(source, "rb", buffering=0) as reading:
        before = os.fstat(reading.fileno())
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb", buffering=0) as writing:
            while chunk := reading.read(_CHUNK):
                digest.update(chunk)
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            with contextlib.suppress(OSError):  # a file system without owners, or another's file
                os.fchown(descriptor, before.st_uid, before.st_gid)
            with contextlib.suppress(OSError):  # a file system without permissions
                shutil.copystat(source, temporary)
            os.fsync(writing.fileno())
        after = os.fstat(reading.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise OSError(errno.EBUSY, "it was changed while it was copied")
    return digest.hexdigest()


def move(source: str, target: str) -> None:
    """Rename a file or, where `target` is on another file system, copy it, compare the copy and unlink the file.

    Raises:
        FileExistsError: There is a `target`.
        OSError: It cannot be moved; `source` is as it was, and there is no `target`.
    """
    try:
        rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_and_unlink(source, target)


def _copy_and_unlink(source: str, target: str) -> None:
    copy(source, target)
    try:
        if not same_content(source, target):
            raise OSError(errno.EIO, "its copy differs from it")
        _sync_folder(os.path.dirname(target))
        os.unlink(source)
    except BaseException:
        if os.path.lexists(source):  # an interruption may come after the last step
            os.unlink(target)
        raise


def rename(source: str, target: str) -> None:
    """Rename a file, unless there is a `target`.

    Raises:
        FileExistsError: There is a `target`.
        OSError: It cannot be renamed.
    """
    if not (_is_supported(_rename_exclusively, source, target) or _is_supported(_link_and_unlink, source, target)):
        # The journal's lock keeps other runs away, so only another program could step between these two.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
        os.rename(source, target)


def _is_supported(way: Callable[[str, str], None], source: str, target: str) -> bool:
    """Rename a file in one way, and return whether the system and the file system know it."""
    try:
        way(source, target)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return False
    return True


def _rename_exclusively(source: str, target: str) -> None:
    renameat2 = _renameat2()
    if renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if renameat2(_HERE, os.fsencode(source), _HERE, os.fsencode(target), _NO_REPLACE):
        import ctypes

        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), source, None, target)


@cache
def _renameat2() -> Callable[..., int] | None:
    import ctypes

    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # no Linux, or a C library before 2018
        return None
    function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    typed: Callable[..., int] = function
    return typed


def _link_and_unlink(source: str, target: str) -> None:
    os.link(source, target, follow_symlinks=False)
    try:
        os.unlink(source)
    except OSError:
        os.unlink(target)
        raise


def discard(path: str) -> None:
    """Unlink a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder or ".", os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system that cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def same_content(path: str, other: str) -> bool:
    """Return whether two files hold the same bytes.

    Raises:
        OSError: One cannot be read.
    """
    about, about_other = os.stat(path), os.stat(other)
    if os.path.samestat(about, about_other):
        return True
    if about.st_size != about_other.st_size:
        return False
    with open(path, "rb") as file, open(other, "rb") as other_file:
        while True:
            chunk = file.read(_CHUNK)
            if chunk != other_file.read(_CHUNK):
                return False
            if not chunk:
                return True


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal.

    Raises:
        OSError: It cannot be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
