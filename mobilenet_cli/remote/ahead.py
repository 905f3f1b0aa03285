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
from mobilenet_cli.remote.urls import is_url

WINDOW = 32
"""How many Sources should be on their way at least, to keep all fetching threads busy."""
THREADS = 16
MAX_HELD = 128 << 20
"""Bytes that may have arrived without being decoded yet; the image whose turn it is may exceed them."""


@dataclass(frozen=True, slots=True)
class Fetched(Source):
    """A Source whose data was fetched, and is counted as held until it is given back."""


def is_remote(source: Source) -> bool:
    """Tell whether a Source has to be fetched."""
    return source.data is None and source.error is None and is_url(source.path)


class Arriving:
    """A Source that is on its way."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._source = Source(path, error="not fetched: the run was stopped")
        self._done = threading.Event()

    def is_here(self) -> bool:
        """Tell whether `source` returns at once."""
        return self._done.is_set()

    def source(self) -> Source:
        """Wait until it is here, and return it with its data or its error."""
        self._done.wait()
        return self._source

    def arrive(self, source: Source | None = None) -> None:
        """Hand the Source over; None: it was given up."""
        self._source = source or self._source
        self._done.set()


class ReadAhead:
    """The threads that fetch, and how much they may hold."""

    def __init__(self) -> None:
        self._orders: SimpleQueue[Arriving | None] = SimpleQueue()
        self._threads = 0
        # Guards what follows. It is notified when bytes are given back and when a fetch is over.
        self._change = threading.Condition()
        self._held = 0
        self._under_way: dict[Arriving, None] = {}  # the oldest first
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
        if count := sum(len(each.data or b"") for each in sources if isinstance(each, Fetched)):
            self.change_held(-count)

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
        """Wait until `count` bytes more may be held, or this is the oldest fetch, for which others wait."""

        def may_go_on() -> bool:
            return (
                self._held + count <= MAX_HELD
                or arriving is next(iter(self._under_way), arriving)
                or self._stopped.is_set()
            )

        with self._change:
            self._change.wait_for(may_go_on)
            self._held += count

    def change_held(self, count: int) -> None:
        """Count this many bytes more, or fewer."""
        with self._change:
            self._held += count
            self._change.notify_all()

    def _fetch(self) -> None:
        from mobilenet_cli.remote.fetch import fetch
        from mobilenet_cli.remote.patience import Patience

        patience = Patience(self._stopped)
        while (arriving := self._orders.get()) is not None and not self._stopped.is_set():
            account = _Account(self, arriving)
            account.take(0)
            try:
                arriving.arrive(Fetched(arriving.path, data=fetch(arriving.path, patience, account)))
            except ImageError as error:
                arriving.arrive(Source(arriving.path, error=str(error)))
            except BaseException:
                arriving.arrive(Source(arriving.path, error="cannot be fetched: an internal error"))
                raise
            finally:
                with self._change:
                    del self._under_way[arriving]
                    self._change.notify_all()


class _Account:
    """What one fetch holds."""

    def __init__(self, ahead: ReadAhead, arriving: Arriving) -> None:
        self._ahead, self._arriving, self._count = ahead, arriving, 0

    def take(self, count: int) -> None:
        self._ahead.wait_for_room(self._arriving, count)
        self._count += count

    def give_back(self) -> None:
        self._ahead.change_held(-self._count)
        self._count = 0
