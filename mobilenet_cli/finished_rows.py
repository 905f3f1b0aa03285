"""Where the finished rows of a document are, found by what they are about, in a few bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator


class FinishedRows:
    """The finished rows: for a path their numbers, in the order in which they were added."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._begins, self._ends = array("Q"), array("Q")

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, path: str, begin: int, end: int) -> None:
        """Add the row of this path, which begins and ends at these bytes."""
        self._hashes.append(hash(path))
        self._begins.append(begin)
        self._ends.append(end)

    def sort(self) -> None:
        """Make the rows findable, once all are added."""
        import numpy as np

        hashes = np.frombuffer(self._hashes, np.int64)
        order = np.argsort(hashes, kind="stable")
        self._hashes = array("q", hashes[order].tobytes())
        self._numbers = array("I", order.astype(np.uint32).tobytes())
        # At the first of the rows of each path: how many of them have been taken.
        self._taken = array("I", bytes(4 * len(order)))

    def __contains__(self, path: str) -> bool:
        """Tell whether there is a row of this path."""
        return self._first(hash(path)) is not None

    def _first(self, key: int) -> int | None:
        index = bisect_left(self._hashes, key)
        return index if index < len(self._hashes) and self._hashes[index] == key else None

    def take(self, path: str) -> int | None:
        """Return the number of a row of this path that was not taken before, if there is one."""
        key = hash(path)
        first = self._first(key)
        if first is None:
            return None
        index = first + self._taken[first]
        if index >= len(self._hashes) or self._hashes[index] != key:
            return None
        self._taken[first] += 1
        return self._numbers[index]

    def place(self, row: int) -> tuple[int, int]:
        """Return where the row of this number begins and ends."""
        return self._begins[row], self._ends[row]

    def untaken(self) -> Iterator[tuple[int, int]]:
        """Yield where the rows are that were not taken."""
        left = bytearray(b"\1" * len(self))
        index = 0
        while index < len(self):
            taken = self._taken[index]
            for number in self._numbers[index : index + taken]:
                left[number] = 0
            index += max(taken, 1)
        return (self.place(row) for row, is_left in enumerate(left) if is_left)
