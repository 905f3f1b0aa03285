"""Finding and replacing the sidecar of an image.

There are two naming conventions. `IMG.jpg.xmp` (darktable, digiKam, Immich) belongs to one file. `IMG.xmp` (Adobe)
belongs to every file of that name, which is right for a camera's raw file and its JPEG.
"""
# Paths stay the strings that were typed, and may hold bytes that are not text.
# ruff: noqa: PTH105, PTH108, PTH118, PTH120, PTH122, PTH123

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from typing import Literal

from mobilenet_cli.errors import SidecarError
from mobilenet_cli.images.formats import IMAGE_ENDINGS, RAW_ENDINGS
from mobilenet_cli.machine.paths import same_file
from mobilenet_cli.sidecars.keywords import with_keywords, without_keywords
from mobilenet_cli.text import printable

SidecarName = Literal["auto", "stem", "full"]
"""Which sidecar an image has: see `sidecar_of`."""
Outcome = Literal["written", "unchanged", "deleted", "none"]
"""The result of editing a sidecar; "none": there is none, and none is needed."""

_LARGEST = 64 << 20
"""The largest sidecar in bytes: about a hundred times the size of an edit with many masks."""


def write_keywords(
    image: str, keywords: Sequence[str], model: str, name: SidecarName = "auto", *, as_path: bool = True
) -> Outcome:
    """Replace our keywords in the sidecar of the file `image` by `keywords`.

    A missing sidecar is created if there are keywords. One that we created is deleted if nothing is left in it.
    It is replaced in one step, once it is complete. The image is not opened.

    Args:
        image: The path of an image file.
        keywords: As returned by `keywords_of` or `keywords_from`.
        model: The name of the model that predicted them.
        name: Which sidecar it is.
        as_path: Whether the keywords are one path, from general to specific; else each has a path of its own.

    Raises:
        SidecarError: The sidecar cannot be read or written, or would be that of another image too. It is unchanged.
    """
    return _edit(sidecar_of(image, name), lambda document: with_keywords(document, keywords, model, as_path=as_path))


def has_sidecar(image: str) -> bool:
    """Return whether the file `image` has a sidecar, under either convention."""
    return bool(_existing(image))


def remove_keywords(image: str) -> list[Outcome]:
    """Remove our keywords from the sidecars of the file `image`, under both conventions.

    Raises:
        SidecarError: A sidecar cannot be read or written. It is unchanged; those before it are edited.
    """
    return [
        _edit(path, lambda document: None if document is None else without_keywords(document))
        for path in _existing(image)
    ]


def sidecar_of(image: str, name: SidecarName = "auto") -> str:
    """Return the path of the image's sidecar, whether it exists or not.

    Args:
        image: The path of an image file.
        name: "full": `IMG.jpg.xmp`. "stem": `IMG.xmp`. "auto": `IMG.xmp` if it exists, `IMG.jpg.xmp` does not, and
            no other image that this program reads shares the name; else `IMG.jpg.xmp`.

    Raises:
        SidecarError: For "stem", another image shares the name: its labels would replace those of this one.
    """
    existing = _existing(image)
    if name != "auto":
        begin = image if name == "full" else _stem(image)
        if name == "stem" and _shares_its_name(image):
            raise SidecarError(
                f"{printable(begin)}.xmp would belong to two images, {printable(image)} and another: "
                "give --sidecar-name full"
            )
        return next((path for path in existing if _stem(path) == begin), f"{begin}.xmp")
    for path in existing:
        if _stem(path) == image or not _shares_its_name(image):
            return path
    return f"{image}.xmp"


def _existing(image: str) -> list[str]:
    names = (image + ending for ending in (".xmp", ".XMP"))
    shared = (_stem(image) + ending for ending in (".xmp", ".XMP"))
    found: list[str] = []
    for path in (*names, *shared):
        # On a file system that ignores case, both endings are the same file.
        if os.path.lexists(path) and not any(same_file(path, other) for other in (image, *found)):
            found.append(path)
    return found


def _stem(path: str) -> str:
    return os.path.splitext(path)[0]


def _shares_its_name(image: str) -> bool:
    stem = _stem(image)
    # A raw file and its JPEG are one photograph, and programs that edit such pairs give them one sidecar.
    endings = [ending for ending in IMAGE_ENDINGS if ending not in RAW_ENDINGS]
    others = (stem + each for ending in endings for each in (ending, ending.upper()))
    return any(os.path.lexists(other) and not same_file(other, image) for other in others)


def _edit(path: str, change: Callable[[bytes | None], bytes | None]) -> Outcome:
    try:
        before, about = _read(path)
        after = change(before)
        if after == before:
            return "none" if after is None else "unchanged"
        if about is not None:
            open(path, "r+b").close()  # fails on a write-protected file, which a rename would replace
        if after is None:
            os.unlink(path)
            return "deleted"
        _replace(path, after, about)
    except SidecarError as error:
        raise SidecarError(f"cannot edit {printable(path)}: {error}; it is left as it was") from error
    except OSError as error:
        raise SidecarError(f"cannot write {printable(path)}: {error.strerror or error}") from error
    return "written"


def _read(path: str) -> tuple[bytes | None, os.stat_result | None]:
    try:
        about = os.lstat(path)
    except FileNotFoundError:
        return None, None
    if stat.S_ISLNK(about.st_mode):
        raise SidecarError("it is a symbolic link; put the file itself in its place, or leave it out")
    if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
        raise SidecarError("it is not a regular file, or too large for a sidecar")
    with open(path, "rb") as file:
        return file.read(), about


def _replace(path: str, content: bytes, before: os.stat_result | None) -> None:
    """Write `content` beside `path` and rename it, with the owner and the permissions of the file it replaces."""
    temporary = os.path.join(os.path.dirname(path), f".mnclassify-{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as file:
            if before is not None:
                with contextlib.suppress(OSError):  # a file system without permissions, or somebody else's file
                    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
                    os.fchown(descriptor, before.st_uid, before.st_gid)
            file.write(content)
            file.flush()
            if before is not None:
                os.fsync(descriptor)  # the user's edits must survive a power cut; a new sidecar can be rewritten
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
