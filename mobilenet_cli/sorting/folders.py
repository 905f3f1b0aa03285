"""A label → the name of a folder that every file system can hold, the same one in any case."""
# ruff: noqa: PTH112, PTH118, PTH208

from __future__ import annotations

import os
import re
import unicodedata

from mobilenet_cli.text import printable

UNSORTED = "unsorted"
"""The folder of the images that have no name."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
# Names that Windows takes for devices, whatever their ending.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST = 200
"""Bytes. File systems allow 255."""


def folder_name(label: str) -> str:
    """Return `label` as the name of a folder on any file system: "a/b" becomes "a_b", "con" becomes "con_"."""
    name = unicodedata.normalize("NFC", printable(label))
    name = _FORBIDDEN.sub("_", name).strip().lstrip(".")
    name = name.encode()[:_LONGEST].decode(errors="ignore").rstrip(". ")
    return f"{name}_" if not name or _RESERVED.fullmatch(name) else name


class Folders:
    """The folders of the destination: one for all labels that differ in case only.

    Some file systems ignore case, and "Dog" beside "dog" would be two folders here and one there.
    """

    def __init__(self, into: str) -> None:
        """Take the folders that are in `into`, which may not exist yet."""
        names = sorted(os.listdir(into)) if os.path.isdir(into) else []
        self._names = {_key(name): name for name in names if os.path.isdir(os.path.join(into, name))}

    def of(self, label: str) -> str:
        """Return the name of the folder for a label."""
        name = folder_name(label)
        return self._names.setdefault(_key(name), name)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
