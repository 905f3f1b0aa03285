"""The Results in a FILE.part, for the formats that make a document of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mobilenet_cli.records import Result
from mobilenet_cli.writers.base import Layout
from mobilenet_cli.writers.json_reading import read_results


class ResultRows:
    """Lines of JSON, read from their start each time that they are asked for.

    Args:
        file: What a JsonLinesWriter wrote.
        layout: The options that shaped them.
    """

    def __init__(self, file: Path, layout: Layout) -> None:
        self._file = file
        self.layout = layout

    def results(self) -> Iterator[Result]:
        """Yield them."""
        with self._file.open("rb") as lines:
            yield from read_results(lines)

    def lines(self, most: int, most_bytes: int) -> Iterator[list[bytes]]:
        """Yield their lines, at most so many at a time, and of so many bytes unless a single one has more."""
        batch: list[bytes] = []
        size = 0
        with self._file.open("rb") as lines:
            for line in lines:
                if batch and (len(batch) == most or size + len(line) > most_bytes):
                    yield batch
                    batch, size = [], 0
                batch.append(line)
                size += len(line)
        if batch:
            yield batch
