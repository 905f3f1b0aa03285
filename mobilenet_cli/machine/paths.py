"""Checks of paths: regular files, and equality."""

# A path stays the string that was typed: a Path would rewrite "./a" and "a//b".
# ruff: noqa: PTH121

from __future__ import annotations

import os
import stat


def not_a_file(mode: int) -> str | None:
    """Return why a file with this `os.stat` mode cannot be read as an image, or None if it is a regular file."""
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISDIR(mode):
        return "a folder, not an image"
    if stat.S_ISFIFO(mode):
        return "not a regular file: a FIFO; pipe the image in with -"
    return f"not a regular file: {'a socket' if stat.S_ISSOCK(mode) else 'a device'}"


def same_file(path: str, other: str) -> bool:
    """Return whether two paths are equal or lead to the same file."""
    try:
        return path == other or os.path.samefile(path, other)
    except OSError:
        return False
