"""How long to wait for a server, and how to end a wait early."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mobilenet_cli.errors import ImageError

SILENCE = 30.0
"""Seconds that a server may be silent, unless MNCLASSIFY_REMOTE_TIMEOUT is set."""
CONNECT = 10.0
"""Seconds that connecting may take."""
THREADS = 16
"""How many requests wait for servers at once."""
_WHOLE = 20
"""The time limit for a whole image, in silences: a server that sends a byte now and then is never silent."""
_POLL = 0.2

_Found = TypeVar("_Found")


def silence_seconds() -> float:
    """Return how many seconds a server may be silent."""
    try:
        seconds = float(os.environ.get("MNCLASSIFY_REMOTE_TIMEOUT", ""))
    except ValueError:
        return SILENCE
    return seconds if 0 < seconds < float("inf") else SILENCE


@dataclass(slots=True)
class Patience:
    """The wait for one file or one page of a listing: a time limit, and a way to end it early.

    Attributes:
        stopped: Set to end the wait.
    """

    stopped: threading.Event = field(default_factory=threading.Event)
    _deadline: float = 0.0

    def renew(self) -> None:
        """Restart the time limit."""
        self._deadline = time.monotonic() + _WHOLE * silence_seconds()

    def check(self) -> None:
        """Raise an ImageError if the wait was stopped, or if the time limit has passed."""
        if self.stopped.is_set():
            raise ImageError("not fetched: the run was stopped")
        if time.monotonic() > self._deadline:
            raise ImageError(f"not complete after {_WHOLE * silence_seconds():g} s")

    def result(self, coroutine: Coroutine[Any, Any, _Found]) -> _Found:
        """Run a filesystem's coroutine in fsspec's event loop, and cancel it as soon as `check` raises.

        Raises:
            ImageError: From `check`.
            Exception: From the coroutine.
        """
        import asyncio  # slow to import, and not needed for local files

        from fsspec.asyn import get_loop

        future = asyncio.run_coroutine_threadsafe(coroutine, get_loop())
        while True:
            try:
                return future.result(_POLL)
            except TimeoutError:  # ours, or one that the coroutine raised
                if future.done():
                    return future.result()
            try:
                self.check()
            except ImageError:
                future.cancel()
                raise
