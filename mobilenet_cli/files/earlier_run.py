"""The rows kept of an earlier run: none here; `interrupted_run` keeps those of one that was interrupted."""

from __future__ import annotations

from mobilenet_cli.records import Source


class EarlierRun:
    """An earlier run that left nothing.

    Attributes:
        kept: How many finished rows it left; None where that is known only after all sources have passed.
        found: How many of the sources so far had such a row.
        is_known: Whether `in` says of every source whether it has one.
    """

    kept: int | None = 0
    found: int = 0
    is_known: bool = True

    @property
    def others(self) -> int:
        """How many of its rows, finished or failed, are of none of the sources so far."""
        return 0

    @property
    def has_rows(self) -> bool:
        """Whether the document has rows already, and with them its header."""
        return False

    def __contains__(self, key: object) -> bool:
        """Return whether it left a finished row of the source of this key."""
        return False

    def wants(self, source: Source) -> bool:
        """Return whether the next source has no finished row."""
        del source
        return True

    def finished_row(self) -> bytes:
        """Return a document with the finished row of the source that `wants` has just said no to, and no other."""
        raise NotImplementedError

    def end_record(self) -> None:
        """Note that the next source that `wants` said yes to now has its row, or gets none."""

    def put_in_order(self) -> None:
        """Put all rows in the order of the sources, after those of images that are no longer among them.

        Raises:
            OutputError: There is no room for the copy; the rows are still there.
        """
