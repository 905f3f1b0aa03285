"""One file put where it belongs, and put back. Both may be done again after a kill at any point.

A deed is judged by what lies at its two ends: a second `perform` or `reverse` finds done what the first one did.
"""
# A path stays the string that was typed, and may hold bytes that are no text.
# ruff: noqa: PTH103, PTH108, PTH110, PTH115, PTH116, PTH118, PTH119, PTH120, PTH121, PTH211

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import Literal

from mobilenet_cli.sorting.transfer import TEMPORARY, copy, digest_of, discard, move, same_content

How = Literal["copy", "move", "link", "hard-link"]
"""How a file gets to its folder: "link" makes a relative symbolic link."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done to one file.

    Attributes:
        how: Copy, move or link.
        source: The file's absolute path.
        target: Its path below the destination.
        size: Its size in bytes.
        mtime_ns: When it was changed last, in nanoseconds since 1970.
        inode: Its number in its file system, by which a hard link is recognised.
        text: The text of the symbolic link; "" for the others.
    """

    how: How
    source: str
    target: str
    size: int
    mtime_ns: int
    inode: int
    text: str = ""

    @classmethod
    def of(cls, how: How, source: str, target: str, into: str) -> Deed:
        """Look at the file `source`, which is to get to `target` below `into`.

        Raises:
            OSError: It is not there.
        """
        about = os.stat(source)
        text = ""
        if how == "link":
            folder = os.path.realpath(os.path.dirname(os.path.join(into, target)))
            real = os.path.join(os.path.realpath(os.path.dirname(source)), os.path.basename(source))
            text = os.path.relpath(real, folder)
        return cls(how, source, target, about.st_size, about.st_mtime_ns, about.st_ino, text)


def perform(deed: Deed, into: str) -> str:
    """Do a deed, or what is left of it after a kill, and return the SHA-256 of a copy, "" of the others.

    Raises:
        FileExistsError: Another file has the name of the target.
        OSError: It cannot be done.
    """
    target = os.path.join(into, deed.target)
    discard(os.path.join(os.path.dirname(target), TEMPORARY))
    if not os.path.lexists(target):
        return _do(deed, target)
    if not _is_ours(deed, target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    if deed.how == "move" and os.path.lexists(deed.source):
        os.unlink(deed.source)
    return digest_of(target) if deed.how == "copy" else ""


def _do(deed: Deed, target: str) -> str:
    match deed.how:
        case "copy":
            return copy(deed.source, target)
        case "move":
            move(deed.source, target)
        case "link":
            os.symlink(deed.text, target)
        case "hard-link":
            os.link(os.path.realpath(deed.source), target)
    return ""


def _is_ours(deed: Deed, target: str) -> bool:
    about = os.lstat(target)
    if deed.how == "link":
        return stat.S_ISLNK(about.st_mode) and os.readlink(target) == deed.text
    if not stat.S_ISREG(about.st_mode):
        return False
    if deed.how == "hard-link":
        return _is_hard_link(deed, target)
    if os.path.lexists(deed.source):
        return same_content(deed.source, target)
    return (about.st_size, about.st_mtime_ns) == (deed.size, deed.mtime_ns)


def _is_hard_link(deed: Deed, target: str) -> bool:
    about = os.lstat(target)
    if os.path.exists(deed.source) and os.path.samefile(deed.source, target):
        return True
    return (about.st_ino, about.st_size, about.st_mtime_ns) == (deed.inode, deed.size, deed.mtime_ns)


def reverse(deed: Deed, into: str, digest: str) -> str | None:
    """Put a file back: move it, or remove its copy or link if it is unchanged.

    Args:
        deed: What was done, or begun.
        into: The destination.
        digest: What `perform` returned; "" if it did not come to that.

    Returns:
        Why it is left where it is, in a few words; None if it was put back, or is gone.

    Raises:
        OSError: It cannot be put back.
    """
    target = os.path.join(into, deed.target)
    discard(os.path.join(os.path.dirname(target), TEMPORARY))
    if not os.path.lexists(target):
        return None
    if deed.how == "move":
        return _move_back(deed, target)
    if not os.path.lexists(deed.source):
        return "what it was made from is gone"
    if not _is_unchanged(deed, target, digest):
        return "it was changed since"
    os.unlink(target)
    return None


def _move_back(deed: Deed, target: str) -> str | None:
    if not stat.S_ISREG(os.lstat(target).st_mode):
        return "it was replaced by something that is no file"
    if os.path.lexists(deed.source):
        # Both are there after a kill, or where another file has taken the place.
        if not stat.S_ISREG(os.lstat(deed.source).st_mode) or not same_content(deed.source, target):
            return "another file is in its place"
        os.unlink(target)
        return None
    folder = os.path.dirname(deed.source)
    os.makedirs(folder, exist_ok=True)
    discard(os.path.join(folder, TEMPORARY))
    move(target, deed.source)
    return None


def _is_unchanged(deed: Deed, target: str, digest: str) -> bool:
    if deed.how != "copy" or not digest:
        return _is_ours(deed, target)
    about = os.lstat(target)
    return stat.S_ISREG(about.st_mode) and about.st_size == deed.size and digest_of(target) == digest
