"""What decoding images may take: memory, pixels and time.

Each thread that decodes has a Guard. Readers ask the one of their thread, `guard()`, before they decode: how much
memory an image takes is known from its header. A thread without one (of thumbnails) has the limit on pixels alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from mobilenet_cli.errors import ImageError

MAX_PIXELS = 178_956_970
"""How many pixels an image may have by default: half a gigabyte as RGB. The number is Pillow's own default."""
TIMEOUT = 30.0
"""Seconds that an image may take by default."""
_SHARE = 0.5
"""The share of the memory that this process may use that images may take by default."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the images of one run may take.

    Attributes:
        memory: Bytes that all images that are being decoded may take together; an image that needs more is an error.
            None: half of what the process may use, by the system, its control group and its own limits.
        max_pixels: Pixels that are decoded of an image at most; 0: no limit.
        timeout: Seconds that decoding an image may take; 0: no limit.
        isolate: Whether images are decoded in processes of their own, which a damaged file may crash.
    """

    memory: int | None = None
    max_pixels: int = MAX_PIXELS
    timeout: float = TIMEOUT
    isolate: bool = False

    def budget(self) -> MemoryBudget:
        """Return the memory of one run."""
        return MemoryBudget(_default_memory() if self.memory is None else self.memory)

    def beside(self, processes: int) -> Allowance:
        """Return that of one of some processes on this machine: the default memory is divided among them."""
        return self if self.memory is not None else replace(self, memory=_default_memory() // processes)


DEFAULT_ALLOWANCE = Allowance()


def _default_memory() -> int:
    from mobilenet_cli.machine.memory import usable_memory

    return int(usable_memory() * _SHARE)


class MemoryBudget:
    """The memory that the images of one run take together, at most `total` bytes.

    Images that wait for memory get it in the order in which they asked, so a large one is not passed by for ever.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._change = threading.Condition()  # guards what follows, and is notified of every change
        self._taken = 0
        self._written_off = 0
        self._waiting: deque[object] = deque()

    def exchange(self, held: int, wanted: int) -> None:
        """Give back `held` bytes, and wait for `wanted`: who kept its own while it waited could wait for ever.

        Raises:
            ImageError: There is not so much in all.
        """
        with self._change:
            self._taken -= held
            if wanted > self.total:
                self._change.notify_all()
                raise ImageError(
                    f"too large: decoding it takes about {_in_words(wanted)} of memory (the limit is "
                    f"{_in_words(self.total)}; --memory sets another)"
                )
            if self._waiting or not self._has_room(wanted):
                turn = object()
                self._waiting.append(turn)
                self._change.notify_all()  # what was given back
                self._change.wait_for(lambda: self._waiting[0] is turn and self._has_room(wanted))
                self._waiting.popleft()
                self._change.notify_all()  # whose turn it is next
            self._taken += wanted

    def give_back(self, held: int) -> None:
        """Give back `held` bytes."""
        with self._change:
            self._taken -= held
            if self._waiting:
                self._change.notify_all()

    def write_off(self, count: int) -> None:
        """Note that `count` of the bytes taken (below 0: fewer) are of images that were left behind."""
        with self._change:
            self._written_off += count
            self._change.notify_all()

    def _has_room(self, wanted: int) -> bool:
        # Without the last clause, images that were left behind and hold all of it would be the end of the run.
        return self._taken + wanted <= self.total or self._taken <= self._written_off


class Guard:
    """What the images that one thread decodes, one after the other, may take.

    Attributes:
        max_pixels: See Allowance.
        give_up: Called, from another thread, when the image is left behind.
    """

    def __init__(self, max_pixels: int = MAX_PIXELS, budget: MemoryBudget | None = None) -> None:
        self.max_pixels = max_pixels
        self.give_up: Callable[[], None] = lambda: None
        self._budget = budget
        self._held = 0
        self._lock = threading.Lock()  # guards what follows
        self._is_running = self.is_left_behind = False
        self._seconds = 0.0

    def need(self, count: int) -> None:
        """Wait until the image may take `count` bytes of memory in all. That is not counted as its time.

        Raises:
            ImageError: It is more than the limit.
        """
        if self.is_left_behind:
            raise ImageError("left behind")  # nobody waits for it
        if self._budget is not None and count > self._held:
            with self.paused():
                held, self._held = self._held, 0
                self._budget.exchange(held, count)
                self._held = count

    def begin(self) -> None:
        """Begin with an image."""
        self._seconds = 0.0
        self._is_running = True

    def end(self) -> bool:
        """End with the image, and give its memory back; return False if it was left behind meanwhile."""
        with self._lock:
            self._is_running = False
        if self._held and self._budget is not None:
            self._budget.give_back(self._held)
            if self.is_left_behind:
                self._budget.write_off(-self._held)
            self._held = 0
        return not self.is_left_behind

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time of a block: it waits for others."""
        was_running, self._is_running = self._is_running, False
        try:
            yield
        finally:
            self._is_running = was_running

    def count(self, seconds: float, most: float) -> bool:
        """Count seconds that passed; from another thread. Return True, once, where the image has taken too many.

        Then it is left behind: its memory stays taken until its decoder returns, but holds nobody up.
        """
        with self._lock:
            if not self._is_running or self.is_left_behind:
                return False
            self._seconds += seconds
            self.is_left_behind = self._seconds >= most
        if self.is_left_behind and self._budget is not None:
            self._budget.write_off(self._held)
        if self.is_left_behind:
            self.give_up()
        return self.is_left_behind


_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)


def guard() -> Guard:
    """Return this thread's Guard; without one, a new one with the default limit on pixels alone."""
    return _guard.get() or Guard()


def keep_to(own: Guard) -> None:
    """Make a Guard this thread's."""
    _guard.set(own)


def check_size(width: int, height: int) -> None:
    """Refuse an image of more pixels than the limit.

    Raises:
        ImageError: It is too large.
    """
    if (most := guard().max_pixels) and width * height > most:
        raise ImageError(f"too large: {width} x {height} pixels (the limit is {most:,} pixels)")


def _in_words(count: int) -> str:
    if count >= 1e9:
        return f"{count / 1e9:,.1f} GB"
    return f"{round(count / 1e6):,} MB" if count >= 1e6 else f"{round(count / 1e3):,} kB"
