"""How long a server is waited for, how often it is asked, and how a wait is broken off."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mobilenet_cli.errors import ImageError

SILENCE = 30.0
"""Seconds that a server may be silent, where MNCLASSIFY_REMOTE_TIMEOUT does not say how many."""
CONNECT = 10.0
"""Seconds that making a connection may take."""
THREADS = 16
"""How many servers are waited for at once."""
_WHOLE = 20
"""How many times the silence a whole image may take: a server that sends a byte now and then is never silent."""
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
    """For how long one file or one page of a listing is waited for.

    Attributes:
        stopped: Set when nobody wants it any more.
    """

    stopped: threading.Event = field(default_factory=threading.Event)
    _deadline: float = 0.0

    def renew(self) -> None:
        """Begin to wait anew."""
        self._deadline = time.monotonic() + _WHOLE * silence_seconds()

    def check(self) -> None:
        """Raise an ImageError if there is nobody to wait for it, a TimeoutError if it is too late."""
        if self.stopped.is_set():
            raise ImageError("not fetched: the run was stopped")
        if time.monotonic() > self._deadline:
            raise ImageError(f"not complete after {_WHOLE * silence_seconds():g} s")

    def result(self, coroutine: Coroutine[Any, Any, _Found]) -> _Found:
        """Run what a filesystem does in fsspec's event loop, and break it off when it is in vain.

        Raises:
            ImageError: As `check`.
            Exception: What the coroutine raised.
        """
        import asyncio  # slow to import, and no run over local files needs it

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
