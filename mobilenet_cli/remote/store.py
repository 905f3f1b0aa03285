"""The interface of everything that URLs lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from mobilenet_cli.remote.patience import Patience
from mobilenet_cli.remote.pieces import WHOLE_IMAGE, Span


class ListedEntry(NamedTuple):
    """A line of a listing.

    Attributes:
        url: The URL of a file or a folder, without a "/" at the end.
        is_folder: Which of the two it is.
    """

    url: str
    is_folder: bool


class ObjectStore(Protocol):
    """An object store, or what is read like one. All methods raise whatever their library raises."""

    tries: int
    """How often to ask in all, where a request fails."""

    def pieces(self, url: str, patience: Patience, span: Span = WHOLE_IMAGE) -> Iterator[bytes]:
        """Yield the bytes of a file, or of a part of it, in pieces; none where the part begins at the file's end."""
        ...

    def size(self, url: str, patience: Patience) -> int:
        """Return how many bytes a file has.

        Raises:
            ImageError: Parts of it cannot be fetched.
        """
        ...

    def entries(self, start: str, recursive: bool) -> Iterator[ListedEntry]:
        """Yield the files whose URL begins with `start`, sorted by URL.

        If not `recursive`, only those without a further "/"; the others are represented by the folders they are in.
        """
        ...
