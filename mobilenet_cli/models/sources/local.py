"""A SavedModel folder on the disk, used where it is."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path


def store_name(folder: Path) -> str:
    """Return the name under which what is compiled from a local SavedModel is kept.

    It changes with the folder's place and with each file's size and time of change, as in a build tool:
    reading the weights to hash them would cost every start-up.
    """
    folder = folder.resolve()
    digest = hashlib.sha256(str(folder).encode(errors="surrogateescape"))
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            facts = file.stat()
            digest.update(
                f"\0{file.relative_to(folder)}\0{facts.st_size}\0{facts.st_mtime_ns}".encode(errors="replace")
            )
    return f"local-{slug(folder.name)}-{digest.hexdigest()[:12]}"


def slug(text: str) -> str:
    """Return `text` with all but letters, digits, "_" and "-" replaced, for a file name; 60 characters at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:60] or "model"
