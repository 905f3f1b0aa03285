"""What can be asked of a place that URLs lead to: what is in a file, and what lies below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mobilenet_cli.remote.patience import Patience

Entry = tuple[str, bool]
"""The URL of a file or, if True, of a folder, which has no "/" at its end."""


class Store(Protocol):
    """What can be asked of a place. Both methods raise whatever their library raises."""

    tries: int
    """How often each question is worth asking."""

    def pieces(self, url: str, patience: Patience) -> Iterator[bytes]:
        """Yield what is in a file, piece by piece."""
        ...

    def entries(self, start: str, recursive: bool) -> Iterator[Entry]:
        """Yield the files whose URL begins with `start`, sorted by URL.

        If not `recursive`, those that have no further "/"; what has one is the entry of a folder.
        """
        ...
