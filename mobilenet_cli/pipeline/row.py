"""The row of places that batches take before they are decoded, and leave with their records, in order."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import Generic, TypeVar

WINDOW = 8
"""Batches that may wait for their turn to be yielded, a worker: enough to keep the workers busy while one slow image
holds up the row, few enough to be no memory."""
LONG_WINDOW = 4096
"""Batches that may wait while the first one is not ready, in all: what is done in half a minute, so that an image that
runs into its time limit holds up no other. Records of so many batches are some 50 MB."""

_Item = TypeVar("_Item")


class Row(Generic[_Item]):
    """Places in order. Who takes the first one out waits for what will be put into it."""

    def __init__(self, workers: int) -> None:
        self._window = WINDOW * workers
        self._change = threading.Condition()  # guards what follows, and is notified of every change
        self._places: deque[Future[_Item] | None] = deque()
        self._is_waited_for = self._is_stopped = False

    def put(self, place: Future[_Item] | None) -> None:
        """Add the next place, or None as the row's end, once there is room, unless the row is stopped."""
        with self._change:
            self._change.wait_for(self._has_room)
            self._places.append(place)
            self._change.notify_all()

    def take(self) -> _Item | None:
        """Wait for what comes into the first place, and return it; None at the row's end.

        Raises:
            Exception: What was put there as the place's exception.
        """
        with self._change:
            self._change.wait_for(lambda: self._places)
            place = self._places.popleft()
            self._is_waited_for = place is not None and not place.done()
            self._change.notify_all()
        if place is None:
            return None
        try:
            return place.result()
        finally:
            self._is_waited_for = False

    def stop(self) -> None:
        """Let in who waits for room: nobody makes any more."""
        with self._change:
            self._is_stopped = True
            self._change.notify_all()

    def _has_room(self) -> bool:
        most = LONG_WINDOW if self._is_waited_for else self._window
        return len(self._places) < most or self._is_stopped
