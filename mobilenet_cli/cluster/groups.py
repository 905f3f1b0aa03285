"""Sources → groups, each of which one actor handles, cut as they come and no more at a time than can be kept busy."""

from __future__ import annotations

import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mobilenet_cli.inputs.archives.whole import WholeArchive
from mobilenet_cli.records import Source

MOST_SOURCES = 64
"""Sources of a group: some tenths of a second of work, beside which the cost of handing it over does not count."""
MOST_BYTES = 16 << 20
"""Bytes of the images that a group carries where they have no file: more of them begin another group."""
_PATIENCE = 0.5
"""Seconds after which a group that is not full is handed over, as where a list comes slowly down a pipe."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some sources that follow one another.

    Attributes:
        number: Its place among all groups, from 0.
        sources: The pickled list of them.
    """

    number: int
    sources: bytes


class Groups:
    """The groups of a run. A group is kept until its records have come: what was lost is handed over again.

    Args:
        sources: Iterated in a thread of its own. A WholeArchive is a group by itself.
        most: Returns how many groups may be without their records at a time.
        size: Sources of a group, at most.
        are_parts: Whether each group becomes a file: then it has `size` sources, however slowly they come.
    """

    def __init__(
        self,
        sources: Iterable[Source],
        most: Callable[[], int],
        size: int = MOST_SOURCES,
        *,
        are_parts: bool = False,
    ) -> None:
        self._most, self._size, self._are_parts = most, size, are_parts
        self._change = threading.Condition()  # guards what follows
        self._filling: list[Source] = []
        self._bytes, self._began = 0, 0.0
        self._open: deque[Group] = deque()  # without all of their records
        self._handed_over = 0  # how many of them, the first ones, the dataset has
        self._number = 0
        self._current: Handover | None = None
        self._is_stopped = self._has_ended = False
        self.error: Exception | None = None
        """What iterating the sources raised, once they have ended."""
        threading.Thread(target=self._read, args=(sources,), name="groups", daemon=True).start()

    def handed_over(self) -> Handover:
        """Begin to hand over the groups, from the first one on that has no records yet; no other Handover goes on."""
        with self._change:
            self._handed_over = 0
            self._current = Handover(self)
            return self._current

    def has_next(self, handover: Handover) -> bool:
        """Return whether there is a group to hand over."""
        with self._change:
            if self._filling and not self._are_parts and time.monotonic() - self._began > _PATIENCE:
                self._close_group()
            return handover is self._current and self._handed_over < len(self._open)

    def next(self, handover: Handover) -> Group:
        """Hand over the next group. Raises a RuntimeError if another Handover has begun."""
        with self._change:
            if handover is not self._current:
                raise RuntimeError("the groups are handed over to another dataset")
            self._handed_over += 1
            return self._open[self._handed_over - 1]

    def has_ended(self, handover: Handover) -> bool:
        """Return whether the sources have ended, and all groups are handed over."""
        with self._change:
            is_over = self._is_stopped or handover is not self._current
            return is_over or (self._has_ended and self._handed_over == len(self._open))

    def forget_before(self, number: int) -> None:
        """Drop the groups before this one: all of their records have come."""
        with self._change:
            while self._open and self._open[0].number < number:
                self._open.popleft()
                self._handed_over -= 1
            self._change.notify_all()

    def stop(self) -> None:
        """End the thread, at its next source."""
        with self._change:
            self._is_stopped = True
            self._change.notify_all()

    def _read(self, sources: Iterable[Source]) -> None:
        try:
            for source in sources:
                with self._change:
                    if not self._filling:
                        self._change.wait_for(lambda: self._is_stopped or len(self._open) < self._most())
                    if self._is_stopped:
                        return
                    self._add(source)
        except Exception as raised:  # whoever asked for the records will get it
            self.error = raised
        with self._change:
            self._close_group()
            self._has_ended = True

    def _add(self, source: Source) -> None:
        is_archive = isinstance(source.content, WholeArchive)
        if is_archive:
            self._close_group()
        if not self._filling:
            self._bytes, self._began = 0, time.monotonic()
        self._filling.append(source)
        self._bytes += len(source.data or b"")
        is_heavy = self._bytes >= MOST_BYTES and not self._are_parts
        if is_archive or is_heavy or len(self._filling) == self._size:
            self._close_group()

    def _close_group(self) -> None:
        if self._filling:
            self._open.append(Group(self._number, pickle.dumps(self._filling)))
            self._number += 1
            self._filling = []


class Handover:
    """The groups as one dataset gets them."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def has_next(self) -> bool:
        """Return whether there is a group."""
        return self._groups.has_next(self)

    def next(self) -> Group:
        """Return the next group. Raises a RuntimeError if another Handover has begun."""
        return self._groups.next(self)

    @property
    def has_ended(self) -> bool:
        """Whether there will be no other group."""
        return self._groups.has_ended(self)
