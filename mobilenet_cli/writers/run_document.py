"""What all documents of a run have in common: begun anew, or gone on with where an earlier run was stopped."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from mobilenet_cli.files.resume import RowsResumption
    from mobilenet_cli.records import Source

_Item = TypeVar("_Item")
_Record = TypeVar("_Record")


class RunDocument(Generic[_Record]):
    """Used in this order: sources through `pending`, records through `followed` to be written, then `close`."""

    def __init__(self) -> None:
        self._earlier: RowsResumption | None = None

    @property
    def finished(self) -> Container[str]:
        """The keys of the sources that need not be done again."""
        return () if self._earlier is None else self._earlier

    @property
    def kept(self) -> int:
        """How many finished rows of an earlier run there are."""
        return 0 if self._earlier is None else self._earlier.rows

    @property
    def found(self) -> int:
        """How many of the sources so far had such a row."""
        return 0 if self._earlier is None else self._earlier.found

    @property
    def others(self) -> int:
        """How many rows of an earlier run, finished or failed, are of none of the sources so far."""
        return 0 if self._earlier is None else self._earlier.others

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources that need to be done."""
        return iter(sources) if self._earlier is None else self._earlier.pending(sources)

    def followed(self, records: Iterable[_Item]) -> Iterator[_Item]:
        """Yield the records, one for each source that `pending` yielded, each to be written (or not) at once."""
        return iter(records) if self._earlier is None else self._earlier.followed(records)

    def close(self) -> None:
        """Put the rows in order.

        Raises:
            OutputError: There is no room for the copy that this takes; the rows are still there.
        """
        if self._earlier is not None:
            self._earlier.put_in_order()
