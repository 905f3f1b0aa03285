"""One run's records on their way to a file or a pipe, in any format; an earlier run's rows are kept on request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Generic, Protocol, TypeVar

from mobilenet_cli.errors import InputError
from mobilenet_cli.files.earlier_run import EarlierRun
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.records import RowSource, Source
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.files.part_file import PartFile


class HasStatus(Protocol):
    """A record, as far as a document knows it."""

    @property
    def path(self) -> str:
        """The path of its source."""

    @property
    def status(self) -> str:
        """Whether its image could be read: "ok" or "error"."""


_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


class Document(Generic[_Record, _Options]):
    """The records of one run.

    First the sources pass through `pending` on their way to the network; then each of those that it yielded is
    given to `write` with its record, or to `leave_out`, in the same order; at the end comes `close`.

    Attributes:
        earlier: The run whose rows it keeps.
    """

    def __init__(
        self,
        stream: BinaryIO,
        chosen: Format[_Record, _Options],
        options: _Options,
        *,
        resume: bool = False,
        made_at: float = 0.0,
        keeps_others: bool | None = None,
    ) -> None:
        """Begin the document, or read back what an earlier run has finished of it.

        Args:
            stream: A stream that `open_output` opened, with `resume` if this has it.
            chosen: The format.
            options: The options that shape the rows.
            resume: Keep the finished rows that are there.
            made_at: With `resume`: when the user trained or calibrated the model, in seconds since the epoch. Older
                rows are another model's.
            keeps_others: With `resume`: whether rows of images stay that are not among the sources; None: as the
                options say.

        Raises:
            InputError: The format needs a regular file, and the stream is none; or it cannot be resumed.
            OutputError: The rows that are there were made with other options or by another model, or are damaged.
        """
        self._stream, self._format, self._options = stream, chosen, options
        if chosen.conversion is not None:
            _part_file(stream, chosen.name)
        self.earlier = EarlierRun()
        if resume:
            from mobilenet_cli.files.resume import resume_run

            self.earlier = resume_run(_part_file(stream, chosen.name), chosen, options, made_at, keeps_others)
        self._writer = chosen.make(stream, options, begun=self.earlier.has_rows)

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources that have no finished row yet."""
        return self.earlier.pending(sources)

    def write(self, source: Source, record: _Record) -> None:
        """Write the record of the next source that `pending` yielded.

        Raises:
            RuntimeError: It is another source's record.
        """
        if record.path != source.path:
            raise RuntimeError(
                f"the record of {printable(record.path)} came where that of {printable(source.path)} was due"
            )
        self._writer.write(record, source.cells if isinstance(source, RowSource) else ())
        self.earlier.end_record()

    def leave_out(self) -> None:
        """Give the next source that `pending` yielded no row."""
        self.earlier.end_record()

    def close(self) -> None:
        """Complete the document: put its rows in order, and convert them. The stream stays open.

        Raises:
            OutputError: There is no room for it; the finished rows are still there.
        """
        self._writer.close()
        self.earlier.put_in_order()
        if self._format.conversion is not None:
            part = _part_file(self._stream, self._format.name)
            with part.replacing() as document:
                self._format.conversion.write(part.part, document, self._options)


def _part_file(stream: BinaryIO, name: str) -> PartFile:
    """Return the stream, which is a PartFile.

    Raises:
        InputError: It is not; the message calls the format `name`.
    """
    from mobilenet_cli.files.part_file import PartFile

    if not isinstance(stream, PartFile):
        raise InputError(f"{name} is written to a regular file: give -o FILE")
    return stream
