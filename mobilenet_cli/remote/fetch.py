"""A URL → the bytes of its file."""

from __future__ import annotations

from typing import Protocol

from mobilenet_cli.remote.object_stores import store_of
from mobilenet_cli.remote.patience import Patience
from mobilenet_cli.remote.pieces import check_size
from mobilenet_cli.remote.retries import attempt


class MemoryBudget(Protocol):
    """A limit on the bytes in memory, shared with other fetches."""

    def take(self, count: int) -> None:
        """Wait until there is room for `count` more bytes, and count them."""
        ...

    def give_back(self) -> None:
        """Stop counting all bytes taken so far: they were thrown away."""
        ...


def fetch_head(url: str, size: int) -> bytes:
    """Return the first bytes of the file at a URL, `size` of them if there are as many. Blocks until they are here.

    Raises:
        ImageError: They cannot be fetched. The message is one line.
    """
    patience = Patience()

    def head() -> bytes:
        # Of most stores a whole image comes in one piece, which costs hardly more than its first bytes.
        return next(iter(store.pieces(url, patience)), b"")[:size]

    store = store_of(url, patience)
    return attempt(head, patience, store.tries)


def fetch(url: str, patience: Patience | None = None, budget: MemoryBudget | None = None) -> bytes:
    """Return the content of the file at a URL. Blocks until all of it has arrived, in up to `retries.TRIES` tries.

    Args:
        url: The file to fetch.
        patience: How long to wait; None for a new one that nobody can stop.
        budget: Takes each piece that is kept in memory.

    Raises:
        ImageError: The file cannot be fetched, or is larger than `pieces.MAX_BYTES`. The message is one line.
    """
    patience = patience or Patience()

    def whole() -> bytes:
        pieces = []
        try:
            for piece in store.pieces(url, patience):
                pieces.append(piece)
                check_size(sum(map(len, pieces)))
                if budget:
                    budget.take(len(piece))
                patience.check()
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        except BaseException:
            if budget:
                budget.give_back()
            raise

    store = store_of(url, patience)
    return attempt(whole, patience, store.tries)
