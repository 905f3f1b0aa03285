"""SHA-256 of files and of folders, in hexadecimal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping


def hash_of(file: str | os.PathLike[str]) -> str:
    """Return the hash of a file. Raises an OSError or a ValueError where it cannot be opened."""
    with open(file, "rb") as stream:  # noqa: PTH123 - a path stays the string that was typed
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_of_folder(hashes: Mapping[str, str]) -> str:
    """Return the hash of a folder: that of the names of its files, which are paths in it, and their hashes."""
    lines = "".join(f"{path}\t{digest}\n" for path, digest in sorted(hashes.items()))
    return hashlib.sha256(lines.encode(errors="surrogateescape")).hexdigest()
