"""Checks that a network has passed in an engine, noted in the model store so that they are not repeated at each start.

A check's result holds for a file's content, a version of the engine and a kind of processor; it is made again when one
of them changes.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from mobilenet_cli.errors import StoreError
from mobilenet_cli.machine.home import home
from mobilenet_cli.machine.instructions import instructions


def key_of(file: Path, version: str, *options: object) -> str:
    """Return the SHA-256, in hexadecimal, of all that the result of a check depends on.

    Args:
        file: The network's file, which is read.
        version: The engine, and which version of it.
        options: How the engine runs the network.

    Raises:
        OSError: The file cannot be read.
    """
    import hashlib

    with file.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    facts = repr((content, version, sorted(instructions()), options))
    return hashlib.sha256(facts.encode()).hexdigest()


def has_passed(key: str) -> bool:
    """Return whether the check of this key is noted as passed."""
    try:
        return (_folder() / key).is_file()
    except (OSError, StoreError):
        return False


def note_passed(key: str) -> None:
    """Note that the check of this key has passed. A store that cannot be written is left as it is."""
    with contextlib.suppress(OSError, StoreError):
        _folder().mkdir(parents=True, exist_ok=True)
        (_folder() / key).touch()


def _folder() -> Path:
    return home() / "checked"
