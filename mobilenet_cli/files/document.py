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
    from mobilenet_cli.files.made_with import MadeWith
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

    First `wants` is asked about each source, in order, on its way to the network, or all pass through `pending`. Then
    each of those that it wanted is given to `write` with its record, or to `leave_out`, in the same order; at the end
    comes `close`.

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
        made_with: MadeWith | None = None,
        may_begin_again: bool = False,
        beside: BinaryIO | None = None,
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
            made_with: What the rows are made with, which is kept beside them where they can be resumed, and compared
                with that of the rows that are there; None: they say enough.
            may_begin_again: With `resume`: whether a complete document that cannot be read back is replaced by one
                with all rows, instead of being refused.
            beside: Then: the stream of another document of the run whose rows are of the same kind, to take them from.

        Raises:
            InputError: The format needs a regular file, and the stream is none; or it cannot be resumed.
            OutputError: The rows that are there were made with other options or by another model, or are damaged.
        """
        self._stream, self._format, self._options = stream, chosen, options
        if chosen.conversion is not None:
            _part_file(stream, chosen.name)
        if made_with is not None and chosen.is_resumable:
            _keep_options(stream, made_with, stay=chosen.can_be_read_back)
        self.earlier = EarlierRun()
        if resume:
            from mobilenet_cli.files.resume import resume_run

            part = _part_file(stream, chosen.name)
            self.earlier = resume_run(
                part, chosen, options, made_at, keeps_others, may_begin_again=may_begin_again, beside=beside
            )
        self._writer = chosen.make(stream, options, begun=self.earlier.has_rows)

    def wants(self, source: Source) -> bool:
        """Return whether the next source has no finished row yet."""
        return self.earlier.wants(source)

    def finished_row(self) -> bytes:
        """Return a document with the finished row of the source that `wants` has just said no to, and no other."""
        return self.earlier.finished_row()

    def pending(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources that have no finished row yet."""
        return filter(self.wants, sources)

    def write(self, source: Source, record: _Record) -> None:
        """Write the record of the next source that `wants` said yes to.

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
        """Give the next source that `wants` said yes to no row."""
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


def _keep_options(stream: BinaryIO, options: MadeWith, *, stay: bool) -> None:
    from mobilenet_cli.files.part_file import PartFile

    if isinstance(stream, PartFile):  # no device or pipe
        stream.kept_options.options, stream.kept_options.stay = options, stay


def _part_file(stream: BinaryIO, name: str) -> PartFile:
    """Return the stream, which is a PartFile.

    Raises:
        InputError: It is not; the message calls the format `name`.
    """
    from mobilenet_cli.files.part_file import PartFile

    if not isinstance(stream, PartFile):
        raise InputError(f"{name} is written to a regular file: give -o FILE")
    return stream
