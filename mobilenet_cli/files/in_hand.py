"""FILE.part.hand, or in a folder of parts _in_hand: which image each worker has in hand, for the run after a crash.

Each worker has a place of its own in the file, and writes the key of its Source there before it decodes it: a few
microseconds. An end in order, also one by Ctrl-C or an error, removes the file. So it is there after a crash, a
`kill -9`, or the kernel's end of a process that took too much memory. The images that it names are suspects: one of
them may have been the reason. A run that is resumed decodes them in a process of their own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from mobilenet_cli.text import valid_utf8

_PLACE = 1024
"""Bytes that a worker has in the file."""


class ImagesInHand:
    """The file, and what an earlier run left in it.

    Attributes:
        suspects: The keys of the Sources that an earlier run had in hand when it crashed, as `key_of` has them.
    """

    def __init__(self, path: Path, suspects: frozenset[str]) -> None:
        self.suspects = suspects
        self._path = path
        self._places = count()
        self._lock = threading.Lock()  # guards the descriptor: it must not be written to when it is another file's
        self._descriptor: int | None = None
        with contextlib.suppress(OSError):  # a run does without
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o666)
        for key in sorted(suspects):  # they stay suspects: this run may crash before it comes to them
            self.place()(key)

    def place(self) -> Callable[[str], None]:
        """Return what notes the key of the Source that one worker takes in hand."""
        start = next(self._places) * _PLACE

        def note(key: str) -> None:
            text = json.dumps(key_of(key)).encode().ljust(_PLACE - 1) + b"\n"
            with self._lock, contextlib.suppress(OSError):
                if self._descriptor is not None:
                    os.pwrite(self._descriptor, text, start)

        return note

    def is_suspect(self, key: str) -> bool:
        """Return whether an earlier run had the Source of this key in hand when it crashed."""
        return bool(self.suspects) and key_of(key) in self.suspects

    def close(self) -> None:
        """Remove the file: the run ends in order."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                self._path.unlink()


def key_of(key: str) -> str:
    """Return a Source's key as it is written: itself, or where it is long a hash of it."""
    text = valid_utf8(key)
    return text if len(json.dumps(text)) < _PLACE else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@contextmanager
def images_in_hand(path: Path, *, resume: bool) -> Iterator[ImagesInHand]:
    """Open the file for the length of a `with` block.

    Args:
        path: The file.
        resume: Whether what an earlier run left there counts.
    """
    hands = ImagesInHand(path, frozenset(_left(path)) if resume else frozenset())
    try:
        yield hands
    finally:
        hands.close()


def _left(path: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for line in path.read_bytes().split(b"\n"):
            with contextlib.suppress(ValueError):
                if isinstance(key := json.loads(line), str):
                    yield key
