"""Checks that a network has passed in an engine, noted in the model store so that they are not repeated at each start.

A check's result holds for a file's content, a version of the engine and a kind of processor; it is made again when one
of them changes.
"""

from __future__ import annotations

import contextlib
from functools import lru_cache
from pathlib import Path

from mobilenet_cli.errors import StoreError
from mobilenet_cli.machine.home import home
from mobilenet_cli.machine.instructions import instructions


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal. A file is read once a process, unless it changes.

    Raises:
        OSError: The file cannot be read.
    """
    state = file.stat()
    return _digest(file, (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns))


@lru_cache(maxsize=64)
def _digest(file: Path, _: tuple[int, ...]) -> str:
    import hashlib

    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def key_of(file: Path, version: str, *options: object) -> str:
    """Return the SHA-256, in hexadecimal, of all that the result of a check depends on.

    Args:
        file: The network's file, which is read.
        version: The engine, and which version of it.
        options: How the engine runs the network.

    Raises:
        OSError: The file cannot be read.
    """
    return key_of_content(digest_of(file), version, *options)


def key_of_content(content: str, version: str, *options: object) -> str:
    """Return what `key_of` returns, of content whose SHA-256 is known."""
    import hashlib

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
