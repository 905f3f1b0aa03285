"""The Results in a FILE.part, for the formats that make a document of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
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

    def lines(self, size: int) -> Iterator[list[bytes]]:
        """Yield their lines, `size` at a time."""
        with self._file.open("rb") as lines:
            while batch := list(islice(lines, size)):
                yield batch
