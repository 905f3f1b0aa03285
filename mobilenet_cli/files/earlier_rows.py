"""The rows that an earlier run left: found by what they are about, in a few bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby

from mobilenet_cli.files.format import Row


class EarlierRows:
    """The rows of an earlier run, finished and failed, numbered in the order in which they were added.

    Add all rows, then `sort` them, then look them up.

    Attributes:
        finished: How many of them are finished.
    """

    def __init__(self) -> None:
        self.finished = 0
        self._hashes = array("q")
        self._begins, self._ends = array("Q"), array("Q")
        self._failed = bytearray()

    def __len__(self) -> int:
        return len(self._begins)

    def add(self, row: Row) -> None:
        """Add a row."""
        self.finished += row.ok
        self._hashes.append(hash(row.key))
        self._begins.append(row.begin)
        self._ends.append(row.end)
        self._failed.append(not row.ok)

    def sort(self) -> None:
        """Group the rows by key, so that they can be found."""
        import numpy as np

        hashes = np.frombuffer(self._hashes, np.int64)
        # By hash; within one, the finished rows before the failed ones; within those, in their order.
        order = np.lexsort((np.frombuffer(self._failed, np.uint8), hashes))
        self._hashes = array("q", hashes[order].tobytes())
        self._numbers = array("I", order.astype(np.uint32).tobytes())
        # How often a key was asked for; kept at the first of its rows.
        self._asked = array("I", bytes(4 * len(order)))

    def __contains__(self, key: str) -> bool:
        """Return whether there is a finished row of this key."""
        first = self._first(hash(key))
        return first is not None and not self._failed[self._numbers[first]]

    def take(self, key: str) -> int | None:
        """Return the number of the next finished row of this key, if one is left that was not taken before."""
        hashed = hash(key)
        first = self._first(hashed)
        if first is None:
            return None
        index = first + self._asked[first]
        self._asked[first] += 1
        is_of_key = index < len(self) and self._hashes[index] == hashed
        return self._numbers[index] if is_of_key and not self._failed[self._numbers[index]] else None

    def place(self, number: int) -> tuple[int, int]:
        """Return where the row of this number begins and ends."""
        return self._begins[number], self._ends[number]

    def staying(self) -> Iterator[tuple[int, int]]:
        """Yield where the rows are that no source took and that stay nevertheless, in their order.

        A finished row stays. A failed row stays only where it is all there is of its key: if the key was asked
        for, the source has a new row; if a finished row is there too, it is that of a later try, by a run that
        was stopped before it put its rows in order.
        """
        stays = bytearray(len(self))
        for first, end in self._keys():
            numbers, asked = self._numbers[first:end], self._asked[first]
            finished = [number for number in numbers if not self._failed[number]]
            for number in finished[asked:] if finished or asked else numbers:
                stays[number] = True
        return (self.place(number) for number, does_stay in enumerate(stays) if does_stay)

    def _first(self, hashed: int) -> int | None:
        """Return the index of the first row of a key, given the key's hash."""
        index = bisect_left(self._hashes, hashed)
        return index if index < len(self) and self._hashes[index] == hashed else None

    def _keys(self) -> Iterator[tuple[int, int]]:
        """Yield for each key the index of its first row, and the one after its last."""
        end = 0
        for _, rows in groupby(self._hashes):
            first, end = end, end + sum(1 for _ in rows)
            yield first, end
