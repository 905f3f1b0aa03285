"""A format of records: what labels and vectors have in common.

A format writes rows: a line, or a few lines, a record. Where rows are not the document (Parquet, npz, a page), they
are lines of JSON while the run lasts, and a Conversion makes the document of them at its end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Generic, NamedTuple, Protocol, TypeVar

from mobilenet_cli.errors import InputError
from mobilenet_cli.text import printable


class Row(NamedTuple):
    """Where a document has the row, or in a long table the rows, of one record.

    Attributes:
        key: The record's path, as the document shows it, or the `row_key` of the table's row that names the image.
        ok: Whether the record is finished; otherwise it says why the image failed.
        begin: Offset of its first byte.
        end: Offset after its last byte.
    """

    key: str
    ok: bool
    begin: int
    end: int


class RowOptions(Protocol):
    """The options that shape a run's rows. `--resume` keeps only rows that fit them."""

    @property
    def model(self) -> str:
        """The name of the model that makes the records."""

    @property
    def keeps_others(self) -> bool:
        """Whether `--resume` keeps the rows of images that are no longer among the sources."""


_Record = TypeVar("_Record")
_Record_contra = TypeVar("_Record_contra", contravariant=True)
_Options = TypeVar("_Options", bound=RowOptions)
_Options_contra = TypeVar("_Options_contra", bound=RowOptions, contravariant=True)


class Writer(ABC, Generic[_Record_contra, _Options]):
    """Turns records into rows on a binary stream.

    Nothing is written before the first record or close(), and each record is one call of the stream's
    write(): so an unbuffered stream holds whole records whenever the program is stopped.

    Args:
        stream: Open for writing. It stays open.
        options: The options that shape the rows.
        begun: Whether the rows are added to a document that has some: it needs no second header.
    """

    def __init__(self, stream: BinaryIO, options: _Options, *, begun: bool = False) -> None:
        self._stream, self._options, self._begun = stream, options, begun

    @abstractmethod
    def write(self, record: _Record_contra, cells: Sequence[str] = ()) -> None:
        """Write one record.

        Args:
            record: The record.
            cells: The cells of the table's row that names the image, where there is one.

        Raises:
            Exception: Whatever the stream raises.
        """

    def close(self) -> None:
        """Complete the document: a header where there are no rows, a closing bracket."""


class _MakesWriter(Protocol[_Record_contra, _Options_contra]):
    """The signature of a Writer's class."""

    def __call__(
        self, stream: BinaryIO, options: _Options_contra, *, begun: bool = False
    ) -> Writer[_Record_contra, Any]: ...


@dataclass(frozen=True, slots=True)
class Conversion(Generic[_Options]):
    """How a run's lines of JSON become the document, and the document becomes lines again.

    Attributes:
        write: Makes the document of a file of lines. Raises whatever the stream raises.
        read: Yields the lines of a document, so that `--resume` can add to it; None where that is impossible.
            Raises a ValueError if it is no such document or does not fit the options; the message follows
            the file's name and a colon.
        check_installed: Raises an OutputError if a package that is needed is not installed.
    """

    write: Callable[[Path, BinaryIO, _Options], None]
    read: Callable[[BinaryIO, _Options], Iterator[bytes]] | None
    check_installed: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Format(Generic[_Record, _Options]):
    """One way to write records.

    Attributes:
        name: The name that the user gives (`--format NAME`).
        endings: The file name endings that mean it, in lower case and with the dot.
        make: Makes its Writer: a Writer's class, or a function of the same signature.
        rows: Yields the rows of a document, which may end within a row: a torn last row is left out. Raises a
            ValueError if it is no such document or its finished rows do not fit the options; the message
            follows the file's name and a colon. None where a run in this format cannot be resumed.
        conversion: Makes the document of the rows at the end; None where the rows are the document.
    """

    name: str
    endings: tuple[str, ...]
    make: _MakesWriter[_Record, _Options]
    rows: Callable[[BinaryIO, _Options], Iterator[Row]] | None = None
    conversion: Conversion[_Options] | None = None

    @property
    def is_resumable(self) -> bool:
        """Whether the rows of an interrupted run can be read back: a file at a URL is made of such rows too."""
        return self.rows is not None

    @property
    def can_be_read_back(self) -> bool:
        """Whether a complete document can be read back, as each part of a folder is by `--resume`."""
        return self.is_resumable and (self.conversion is None or self.conversion.read is not None)


_AnyFormat = TypeVar("_AnyFormat", bound=Format[Any, Any])


def by_name(*formats: _AnyFormat) -> Mapping[str, _AnyFormat]:
    """Return the table of these formats: for the command line's choices, the file endings and the writers."""
    return MappingProxyType({each.name: each for each in formats})


def by_ending(path: str, formats: Mapping[str, _AnyFormat], what: str) -> _AnyFormat:
    """Return the format that the ending of the file name `path` means, in upper or lower case.

    Raises:
        InputError: It means none; the message calls the formats `what`, and lists the endings.
    """
    for each in formats.values():
        if path.lower().endswith(each.endings):
            return each
    known = ", ".join(ending for each in formats.values() for ending in each.endings)
    raise InputError(
        f"{printable(path)}: cannot tell {what} from the file's ending. "
        f"Use one of {known}, or name the format with --format."
    )
