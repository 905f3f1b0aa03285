"""The time limit of images: a thread whose image takes too long is left behind, and another goes on with its batch.

Time is counted in small steps while a thread looks on, not by the clock: a process that was stopped (Ctrl-Z) or a
machine that was too busy to let it look on has not spent it on the image.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import Guard
from mobilenet_cli.pipeline.worker import Batch, Worker

_STEPS = 20
"""How often an image is looked at until its time is over."""
_LONGEST_STEP = 0.5
"""Seconds between looks at most, and twice what a step counts at most."""

_Record = TypeVar("_Record")
_left_behind: list[threading.Thread] = []


def left_behind() -> bool:
    """Return whether a thread that was left behind is still in a decoder: the process is to end without clean-up."""
    return any(thread.is_alive() for thread in _left_behind)


def leave_behind(thread: threading.Thread) -> None:
    """Note a thread that nobody waits for."""
    _left_behind.append(thread)


@dataclass(frozen=True, slots=True)
class _Watched(Generic[_Record]):
    """A batch that a thread decodes."""

    worker: Worker[_Record]
    batch: Batch[_Record]
    guard: Guard
    thread: threading.Thread


class Watch(Generic[_Record]):
    """Looks on at the threads of one run, from a thread of its own."""

    def __init__(
        self, timeout: float, go_on: Callable[[Worker[_Record], Batch[_Record], threading.Thread], None]
    ) -> None:
        """Begin to look on.

        Args:
            timeout: Seconds that an image may take; 0: no limit.
            go_on: Called with a worker, a batch whose image in hand took too long, after that has its error, and the
                thread that is to be left behind.
        """
        self._timeout, self._go_on = timeout, go_on
        self._watched: dict[threading.Thread, _Watched[_Record]] = {}
        self._stopped = threading.Event()
        if timeout:
            threading.Thread(target=self._look_on, name="watch", daemon=True).start()

    def stop(self) -> None:
        """Look on no more."""
        self._stopped.set()

    @contextmanager
    def over(self, worker: Worker[_Record], batch: Batch[_Record], guard: Guard) -> Iterator[None]:
        """Look on at what this thread decodes during a block."""
        thread = threading.current_thread()
        self._watched[thread] = _Watched(worker, batch, guard, thread)
        try:
            yield
        finally:
            self._watched.pop(thread, None)

    def _look_on(self) -> None:
        step = min(_LONGEST_STEP, self._timeout / _STEPS)
        before = time.monotonic()
        while not self._stopped.wait(step):
            now = time.monotonic()
            self._count(min(now - before, 2 * step))
            before = now

    def _count(self, seconds: float) -> None:
        # A function of its own, or its variable would keep a batch with its images until the next step.
        for each in list(self._watched.values()):
            if each.guard.count(seconds, self._timeout):
                self._watched.pop(each.thread, None)
                leave_behind(each.thread)
                each.batch.outcomes.append(
                    ImageError(f"decoding it took longer than {self._timeout:g} s (--timeout sets another limit)")
                )
                self._go_on(each.worker, each.batch, each.thread)
