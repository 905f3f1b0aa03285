"""Sources read ahead of the workers, with a limit on memory: fetched, several at once, or out of a stream, in order.

Servers are slow to answer and decoders are not, so the threads here only wait for servers while the workers decode
what has arrived. The first remote Source starts the first thread. A stream, such as a compressed archive, is read by
whoever iterates the Sources; it waits here until there is room for the next of its images.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from queue import SimpleQueue

from mobilenet_cli.errors import ImageError
from mobilenet_cli.records import Elsewhere, Source
from mobilenet_cli.remote.patience import THREADS
from mobilenet_cli.remote.urls import is_url

WINDOW = 32
"""How many Sources must be under way to keep all fetching threads busy."""
MAX_HELD = 128 << 20
"""Bytes that may wait to be decoded. Only the image whose turn it is may exceed them."""


def place_of(source: Source) -> str | None:
    """Return the path or URL of the file that is a Source's image; None where it is part of another file."""
    if source.content is None:
        return source.path
    return source.content.path if isinstance(source.content, Elsewhere) else None


def is_remote(source: Source) -> bool:
    """Return whether a Source has to be fetched."""
    if source.data is not None or source.error is not None:
        return False
    return (place := place_of(source)) is not None and is_url(place)


class Arriving:
    """A Source that is being fetched."""

    def __init__(self, wanted: Source) -> None:
        self.wanted = wanted
        self._source: Source | None = None
        self._done = threading.Event()

    def is_here(self) -> bool:
        """Return whether `source` would return at once."""
        return self._done.is_set()

    def source(self) -> Source:
        """Wait for the Source, and return it with its data or an error. To be called once."""
        self._done.wait()
        # It is not kept here: the two refer to each other, and that cycle would hold the data until the garbage
        # collector runs, which it seldom does for few objects, however large they are.
        source, self._source = self._source, None
        return source or replace(self.wanted, error="not fetched: the run was stopped")

    def arrive(self, source: Source | None = None) -> None:
        """Set the Source that has arrived; None if it was given up."""
        self._source = source
        self._done.set()


class ReadAhead:
    """The threads that fetch, and the memory that they may use."""

    def __init__(self) -> None:
        self._orders: SimpleQueue[Arriving | None] = SimpleQueue()
        self._threads = 0
        # Guards the attributes below, and is notified of every change.
        self._change = threading.Condition()
        self._held = 0
        self._under_way: dict[Arriving, None] = {}  # until given back or failed, the oldest first
        # The Sources with data that counts as held, by their id(): they keep their class, so nothing is noted in them.
        self._holders: dict[int, Arriving] = {}
        self._stopped = threading.Event()

    def admit(self, source: Source) -> Source | Arriving:
        """Let the next Source in: begin to fetch a remote one, and wait for room for one that a stream has read."""
        if is_remote(source):
            return self._begin(source)
        if source.data is not None and source.archive is not None:
            arriving = Arriving(source)
            with self._change:
                self._under_way[arriving] = None
            self.wait_for_room(arriving, len(source.data))
            with self._change:
                self._holders[id(source)] = arriving
        return source

    def give_back(self, sources: Iterable[Source]) -> None:
        """Release the data of these Sources."""
        for each in sources:
            with self._change:
                arriving = self._holders.pop(id(each), None)
            if arriving is not None:
                self.drop(arriving, len(each.data or b""))

    def _begin(self, source: Source) -> Arriving:
        """Queue a Source to be fetched, behind those already queued."""
        arriving = Arriving(source)
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

    def stop(self) -> None:
        """End the threads within a fraction of a second, and release everybody who waits."""
        self._stopped.set()
        with self._change:
            for arriving in self._under_way:
                arriving.arrive()
            self._change.notify_all()
            for _ in range(self._threads):
                self._orders.put(None)

    def wait_for_room(self, arriving: Arriving, count: int) -> None:
        """Wait until there is room for `count` more bytes or nothing older is under way, and count them as held."""

        def may_proceed() -> bool:
            return (
                self._held + count <= MAX_HELD
                or arriving is next(iter(self._under_way), arriving)
                or self._stopped.is_set()
            )

        with self._change:
            self._change.wait_for(may_proceed)
            self._held += count

    def drop(self, arriving: Arriving | None, count: int) -> None:
        """Stop counting `count` bytes as held, and `arriving`, if given, as under way."""
        with self._change:
            self._held -= count
            if arriving is not None:
                self._under_way.pop(arriving, None)
            self._change.notify_all()

    def _holding(self, arriving: Arriving, data: bytes) -> Source:
        """Return the Source that has arrived. Its data counts as held until `give_back`."""
        source = replace(arriving.wanted, data=data)
        with self._change:
            self._holders[id(source)] = arriving
        return source

    def _fetch(self) -> None:
        from mobilenet_cli.remote.failures import failure_of
        from mobilenet_cli.remote.fetch import fetch
        from mobilenet_cli.remote.patience import Patience

        patience = Patience(self._stopped)
        while (arriving := self._orders.get()) is not None and not self._stopped.is_set():
            budget = _FetchBudget(self, arriving)
            budget.take(0)
            try:
                place = place_of(arriving.wanted) or arriving.wanted.path
                # A variable for the data would hold it until the next fetch.
                arriving.arrive(self._holding(arriving, fetch(place, patience, budget)))
            except BaseException as error:  # of any kind: a worker waits for this Source
                reason = str(error) if isinstance(error, ImageError) else failure_of(error).reason
                arriving.arrive(replace(arriving.wanted, error=reason))
                self.drop(arriving, 0)


class _FetchBudget:
    """The bytes that one fetch holds, as the MemoryBudget of `fetch`."""

    def __init__(self, ahead: ReadAhead, arriving: Arriving) -> None:
        self._ahead, self._arriving, self._count = ahead, arriving, 0

    def take(self, count: int) -> None:
        self._ahead.wait_for_room(self._arriving, count)
        self._count += count

    def give_back(self) -> None:
        self._ahead.drop(None, self._count)
        self._count = 0
