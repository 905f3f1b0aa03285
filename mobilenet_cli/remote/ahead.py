"""Remote Sources are fetched ahead of the workers: several at once, in order, and not too much of them.

A network is slow to answer and a decoder is not, so the threads here do nothing but wait for servers, while the
workers decode what has arrived. There are no threads before the first remote Source.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from queue import SimpleQueue

from mobilenet_cli.errors import ImageError
from mobilenet_cli.records import Source
from mobilenet_cli.remote.patience import THREADS
from mobilenet_cli.remote.urls import is_url

WINDOW = 32
"""How many Sources should be on their way at least, to keep all fetching threads busy."""
MAX_HELD = 128 << 20
"""Bytes that may have arrived without being decoded yet; the image whose turn it is may exceed them."""


@dataclass(frozen=True, slots=True)
class Fetched(Source):
    """A Source whose data was fetched, and is counted as held until it is given back.

    Attributes:
        arriving: What it came as.
    """

    arriving: Arriving | None = None


def is_remote(source: Source) -> bool:
    """Tell whether a Source has to be fetched."""
    return source.data is None and source.error is None and is_url(source.path)


class Arriving:
    """A Source that is on its way."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._given_up = Source(path, error="not fetched: the run was stopped")
        self._source: Source | None = None
        self._done = threading.Event()

    def is_here(self) -> bool:
        """Tell whether `source` returns at once."""
        return self._done.is_set()

    def source(self) -> Source:
        """Wait until it is here, and hand it over with its data or its error: once."""
        self._done.wait()
        # Kept no longer than that: they know each other, and such a circle would keep the data until Python
        # looks for circles, which it does rarely where there are few objects, however large.
        source, self._source = self._source, None
        return source or self._given_up

    def arrive(self, source: Source | None = None) -> None:
        """Say that it is here; None: it was given up."""
        self._source = source
        self._done.set()


class ReadAhead:
    """The threads that fetch, and how much they may hold."""

    def __init__(self) -> None:
        self._orders: SimpleQueue[Arriving | None] = SimpleQueue()
        self._threads = 0
        # Guards what follows, and is notified when any of it changes.
        self._change = threading.Condition()
        self._held = 0
        self._under_way: dict[Arriving, None] = {}  # until it is given back or has failed; the oldest first
        self._stopped = threading.Event()

    def begin(self, source: Source) -> Arriving:
        """Have a Source fetched, after those that were begun before."""
        arriving = Arriving(source.path)
        with self._change:
            if self._stopped.is_set():
                arriving.arrive()
                return arriving
            self._under_way[arriving] = None
            self._orders.put(arriving)
            if self._threads < THREADS:
                self._threads += 1
                threading.Thread(target=self._fetch, name="fetch", daemon=True).start()
        return arriving

    def give_back(self, sources: Iterable[Source]) -> None:
        """Say that the data of these Sources is needed no more."""
        for each in sources:
            if isinstance(each, Fetched) and each.arriving is not None:
                self.drop(each.arriving, len(each.data or b""))

    def stop(self) -> None:
        """End the threads, each at once or within the fraction of a second, and let nobody wait any longer."""
        self._stopped.set()
        with self._change:
            for arriving in self._under_way:
                arriving.arrive()
            self._change.notify_all()
            for _ in range(self._threads):
                self._orders.put(None)

    def wait_for_room(self, arriving: Arriving, count: int) -> None:
        """Count `count` bytes more as held, as soon as there is room or nothing older is under way."""

        def may_go_on() -> bool:
            return (
                self._held + count <= MAX_HELD
                or arriving is next(iter(self._under_way), arriving)
                or self._stopped.is_set()
            )

        with self._change:
            self._change.wait_for(may_go_on)
            self._held += count

    def drop(self, arriving: Arriving | None, count: int) -> None:
        """Count `count` bytes as held no more, and if it is given, this as under way no more."""
        with self._change:
            self._held -= count
            if arriving is not None:
                self._under_way.pop(arriving, None)
            self._change.notify_all()

    def _fetch(self) -> None:
        from mobilenet_cli.remote.failures import failure_of
        from mobilenet_cli.remote.fetch import fetch
        from mobilenet_cli.remote.patience import Patience

        patience = Patience(self._stopped)
        while (arriving := self._orders.get()) is not None and not self._stopped.is_set():
            account = _Account(self, arriving)
            account.take(0)
            try:
                # Without a name for the data, which would keep it until the next.
                arriving.arrive(Fetched(arriving.path, data=fetch(arriving.path, patience, account), arriving=arriving))
            except BaseException as error:  # whatever it is: a worker waits for this Source
                reason = str(error) if isinstance(error, ImageError) else failure_of(error).reason
                arriving.arrive(Source(arriving.path, error=reason))
                self.drop(arriving, 0)


class _Account:
    """What one fetch holds."""

    def __init__(self, ahead: ReadAhead, arriving: Arriving) -> None:
        self._ahead, self._arriving, self._count = ahead, arriving, 0

    def take(self, count: int) -> None:
        self._ahead.wait_for_room(self._arriving, count)
        self._count += count

    def give_back(self) -> None:
        self._ahead.drop(None, self._count)
        self._count = 0
