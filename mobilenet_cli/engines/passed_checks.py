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

_DIGITS = 64


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, which is kept in the model store until the file changes.

    Hashing the 19 MB of a network takes a tenth of a start-up. A program cannot change a file and leave its time of
    change (ctime) as it was, whatever it does to its other times; a disk that loses bits by itself can.

    Raises:
        OSError: The file cannot be read.
    """
    state = file.stat()
    facts = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    name = "-".join(f"{fact:x}" for fact in facts)
    with contextlib.suppress(OSError, StoreError, UnicodeDecodeError):
        kept = (_folder() / "hashes" / name).read_text(encoding="utf-8")
        if len(kept) == _DIGITS:
            return kept
    from mobilenet_cli.machine.hashes import hash_of

    digest = hash_of(file)
    _keep("hashes", name, digest)
    return digest


def has_run(content: str, *how: object) -> bool:
    """Return whether it is noted that a network was run in another process.

    Args:
        content: The SHA-256 of the network's content.
        how: The engine's version, and how it runs the network.
    """
    try:
        return _line(how) in (_folder() / "run" / content).read_text(encoding="utf-8").splitlines()
    except (OSError, StoreError, UnicodeDecodeError):
        return False


def note_run(content: str, *how: object) -> None:
    """Note that a network was run in another process. A store that cannot be written is left as it is."""
    if not has_run(content, *how):
        _keep("run", content, f"{_line(how)}\n", mode="a")


def _line(how: tuple[object, ...]) -> str:
    return repr((how, sorted(instructions())))


def _keep(folder: str, name: str, text: str, mode: str = "w") -> None:
    with contextlib.suppress(OSError, StoreError):
        (_folder() / folder).mkdir(parents=True, exist_ok=True)
        with (_folder() / folder / name).open(mode, encoding="utf-8") as stream:
            stream.write(text)


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

    facts = repr((digest_of(file), version, sorted(instructions()), options))
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
