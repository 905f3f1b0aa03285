"""Which sources are still to be sorted."""
# A path stays the string that was typed.

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.sorting.sort import Sorter


@dataclass(slots=True)
class Pending:
    """The sources that are still to be sorted, each once.

    Attributes:
        sorter: Knows what is sorted.
        done: How many sources an earlier run has sorted.
        inside: How many are in the destination itself.
    """

    sorter: Sorter
    done: int = 0
    inside: int = 0
    _seen: set[str] = field(default_factory=set)

    def of(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield them, without those in the destination and those that an earlier run has sorted."""
        for source in sources:
            if source.path == STDIN or is_url(source.path):
                yield replace(source, data=None, error="it is no file here that could be sorted")
                continue
            path = os.path.abspath(source.path)  # noqa: PTH100 - links in it are meant
            if path in self._seen:
                continue
            if self.sorter.has(path):
                self.inside += 1
                continue
            self._seen.add(path)
            if source.error is None and self.sorter.is_done(path):
                self.done += 1
            else:
                yield source

    def __contains__(self, path: object) -> bool:
        """Return whether the file at a path is left out."""
        return isinstance(path, str) and not is_url(path) and (self.sorter.has(path) or self.sorter.is_done(path))
