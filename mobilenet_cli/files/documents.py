"""One run's records on their way to several outputs: an image goes to the network where one of them lacks its row."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mobilenet_cli.files.document import Document, HasStatus
from mobilenet_cli.files.earlier_run import EarlierRun
from mobilenet_cli.files.format import RowOptions
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    from mobilenet_cli.files.folder_document import FolderDocument

_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


class Documents(Generic[_Record, _Options]):
    """The records of one run. They are used as a Document is.

    Args:
        documents: One or more, each of its own output.

    Attributes:
        earlier: The run whose rows are kept: those that all documents have.
    """

    def __init__(self, documents: Sequence[Document[_Record, _Options] | FolderDocument[_Record, _Options]]) -> None:
        self._documents = documents
        self.earlier = documents[0].earlier if len(documents) == 1 else _EarlierRuns([e.earlier for e in documents])
        # Of each source that is wanted: the documents that lack its row.
        self._due: deque[Sequence[Document[_Record, _Options] | FolderDocument[_Record, _Options]]] = deque()

    def wants(self, source: Source) -> bool:
        """Return whether a document has no finished row of the next source yet."""
        lacking = [each for each in self._documents if each.wants(source)]
        if lacking:
            self._due.append(lacking)
        elif len(self._documents) > 1:
            self.earlier.found += 1
        return bool(lacking)

    def finished_row(self) -> bytes:
        """Return a document with the finished row of the source that `wants` has just said no to, and no other."""
        return self._documents[0].finished_row()

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources that `wants` says yes to."""
        return filter(self.wants, sources)

    def write(self, source: Source, record: _Record) -> None:
        """Write the record of the next source that `pending` yielded, where its row is missing. See Document.write."""
        for each in self._due.popleft():
            each.write(source, record)

    def leave_out(self) -> None:
        """Give the next source that `pending` yielded no row."""
        for each in self._due.popleft():
            each.leave_out()

    def close(self) -> None:
        """Complete all documents. Raises as Document.close does."""
        for each in self._documents:
            each.close()


class _EarlierRuns(EarlierRun):
    """What an earlier run, or several, left in several documents."""

    def __init__(self, runs: Sequence[EarlierRun]) -> None:
        self._runs = runs
        # Rows may be finished in one document only: whose, the sources show as they pass.
        self.kept = 0 if any(each.kept == 0 for each in runs) else None
        self.is_known = all(each.is_known for each in runs)

    @property
    def others(self) -> int:
        """How many images have rows in a document and are none of the sources so far."""
        return max(each.others for each in self._runs)

    def __contains__(self, key: Any) -> bool:
        """Return whether all documents have a finished row of the source of this key."""
        return all(key in each for each in self._runs)
