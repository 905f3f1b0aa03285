"""Where the rows of an earlier run are, found by what they are about, in a few bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple


class Row(NamedTuple):
    """Where a document says what about a Result.

    Attributes:
        key: What it is found by: the Result's path, as the document shows it, or the key of a table's row.
        ok: Whether the image was classified.
        predictions: How many predictions there are.
        model: The model's name.
        begin: Offset of its first byte.
        end: Offset after its last byte.
    """

    key: str
    ok: bool
    predictions: int
    model: str
    begin: int
    end: int


class EarlierRows:
    """The rows that an earlier run has left, finished and failed: their numbers, in the order in which they were added.

    Attributes:
        finished: How many of them are finished.
    """

    def __init__(self) -> None:
        self.finished = 0
        self._hashes = array("q")
        self._begins, self._ends = array("Q"), array("Q")
        self._failed = bytearray()

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, path: str, begin: int, end: int, *, ok: bool) -> None:
        """Add the row of this path, which begins and ends at these bytes; `ok`: whether it is finished, or failed."""
        self.finished += ok
        self._hashes.append(hash(path))
        self._begins.append(begin)
        self._ends.append(end)
        self._failed.append(not ok)

    def sort(self) -> None:
        """Make the rows findable, once all are added."""
        import numpy as np

        hashes = np.frombuffer(self._hashes, np.int64)
        # By hash; of those, the finished ones before the failed ones; of those, in their order.
        order = np.lexsort((np.frombuffer(self._failed, np.uint8), hashes))
        self._hashes = array("q", hashes[order].tobytes())
        self._numbers = array("I", order.astype(np.uint32).tobytes())
        # At the first of the rows of each path: how often one was asked for.
        self._asked = array("I", bytes(4 * len(order)))

    def __contains__(self, path: str) -> bool:
        """Tell whether there is a finished row of this path."""
        first = self._first(hash(path))
        return first is not None and not self._failed[self._numbers[first]]

    def _first(self, key: int) -> int | None:
        index = bisect_left(self._hashes, key)
        return index if index < len(self._hashes) and self._hashes[index] == key else None

    def take(self, path: str) -> int | None:
        """Return the number of a finished row of this path that was not taken before, if there is one."""
        key = hash(path)
        first = self._first(key)
        if first is None:
            return None
        index = first + self._asked[first]
        self._asked[first] += 1
        if index >= len(self._hashes) or self._hashes[index] != key or self._failed[self._numbers[index]]:
            return None
        return self._numbers[index]

    def place(self, row: int) -> tuple[int, int]:
        """Return where the row of this number begins and ends."""
        return self._begins[row], self._ends[row]

    def untaken(self) -> Iterator[tuple[int, int]]:
        """Yield where the rows are that stay though they were not taken, in their order.

        Of a path that was asked for, no failed row stays: there is a new row. Nor does one beside a finished row
        of its path: that is of a later try, by a run that was stopped before it put its rows in order.
        """
        stays = bytearray(len(self))
        failed, path = self._failed, None
        for index, (key, number) in enumerate(zip(self._hashes, self._numbers, strict=True)):
            if key != path:
                path, first, asked = key, index, self._asked[index]
                failed_stay = not asked and failed[number]
            stays[number] = failed_stay if failed[number] else index - first >= asked
        return (self.place(row) for row, is_left in enumerate(stays) if is_left)
