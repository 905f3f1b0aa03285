"""The failures at the beginning of a run that replaces earlier results, until one image could be read.

Failures alone replace nothing, as after an unmounted disk. There may be millions: beyond some megabytes they wait in
a temporary file.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Generic, TypeVar, cast

from mobilenet_cli.records import Source

_IN_MEMORY = 4 << 20

_Record = TypeVar("_Record")


class HeldBack(Generic[_Record]):
    """Pairs of a source and its record, in their order. They are taken out once."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when the pairs were taken
        self._count = 0

    def append(self, source: Source, record: _Record) -> None:
        """Add a pair. The source is kept without its content."""
        pickle.dump((replace(source, data=None, content=None), record), self._file)
        self._count += 1

    def taken(self) -> Iterator[tuple[Source, _Record]]:
        """Yield the pairs; afterwards there are none."""
        with self._file:
            self._file.seek(0)
            for _ in range(self._count):
                # What this process has just written to a file without a name.
                yield cast("tuple[Source, _Record]", pickle.load(self._file))  # noqa: S301
