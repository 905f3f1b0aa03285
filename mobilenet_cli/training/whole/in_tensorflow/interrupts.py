"""Ctrl-C during a training: it ends after the step that is under way."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


class InterruptedTrainingError(Exception):
    """SIGINT came: the training is to end."""


class Interrupts:
    """Records that SIGINT came, which does nothing else within `caught`."""

    def __init__(self) -> None:
        self._came = False

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Catch SIGINT for the length of a `with` block. For the main thread only."""

        def note(*_: object) -> None:
            self._came = True

        previous = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)

    def check(self) -> None:
        """Raise InterruptedTrainingError if one has come."""
        if self._came:
            raise InterruptedTrainingError
