"""A URL → the bytes behind it."""

from __future__ import annotations

from typing import Protocol

from mobilenet_cli.remote.object_stores import store_of
from mobilenet_cli.remote.patience import Patience
from mobilenet_cli.remote.pieces import check_size
from mobilenet_cli.remote.retries import attempt


class Account(Protocol):
    """Who keeps count of the bytes that are in memory."""

    def take(self, count: int) -> None:
        """Count so many more, and wait before that until there is room for them."""
        ...

    def give_back(self) -> None:
        """Count none: they were thrown away."""
        ...


def fetch(url: str, patience: Patience | None = None, account: Account | None = None) -> bytes:
    """Return the file that a URL leads to, after up to `retries.TRIES` tries. Blocks until it is there.

    Args:
        url: What is fetched.
        patience: Who may break it off.
        account: Told of each piece that is kept.

    Raises:
        ImageError: It cannot be fetched, or is larger than `pieces.MAX_BYTES`, in one line that says why.
    """
    patience = patience or Patience()

    def whole() -> bytes:
        pieces = []
        try:
            for piece in store.pieces(url, patience):
                pieces.append(piece)
                check_size(sum(map(len, pieces)))
                if account:
                    account.take(len(piece))
                patience.check()
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        except BaseException:
            if account:
                account.give_back()
            raise

    store = store_of(url, patience)
    return attempt(whole, patience, store.tries)
