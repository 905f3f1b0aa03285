"""Documents that are no lines (Parquet, npz, a page): lines while a run lasts, and the document at its end.

Until then FILE.part holds a line of JSON a record, whatever the format. So a run that was interrupted has lost
nothing, and one way to go on with it serves all formats. A complete FILE is gone on with too, if its format can
be read back: it is turned into lines again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Generic, TypeVar

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.files.part_file import PartFile
from mobilenet_cli.json_lines import FIRST_BYTES
from mobilenet_cli.text import printable

_Rows = TypeVar("_Rows")
_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class Codec(Generic[_Rows, _Record]):
    """How rows become a document that is no lines, once they are all there, and how they come back.

    Attributes:
        write: Writes the document. Raises what the stream raises.
        read: Reads it; None where that is impossible. Raises a ValueError if it is none; the message is for
            after a file's name and a colon.
        check_installed: Raises an OutputError if a package that this needs is not installed.
    """

    write: Callable[[_Rows, BinaryIO], None]
    read: Callable[[BinaryIO], Iterator[_Record]] | None
    check_installed: Callable[[], None] = lambda: None


def part_file(stream: BinaryIO, name: str) -> PartFile:
    """Return `stream` as the PartFile that it is.

    Raises:
        InputError: It is none; the message calls the format `name`.
    """
    if not isinstance(stream, PartFile):
        raise InputError(f"{name} is written to a regular file: give -o FILE")
    return stream


def fold(stream: PartFile, codec: Codec[_Rows, _Record], rows: _Rows) -> None:
    """Make the document of the rows in FILE.part, in one step.

    Raises:
        OutputError: There is no room for it; the rows are still there.
    """
    with stream.replacing() as document:
        codec.write(rows, document)


def unfold(stream: PartFile, name: str, codec: Codec[_Rows, _Record], to_line: Callable[[_Record], bytes]) -> None:
    """Turn a complete document, which is FILE or was about to become it, into lines; leave lines as they are.

    Args:
        stream: Opened with `resume`.
        name: The format's name.
        codec: The format's.
        to_line: Makes a record's line. Raises a ValueError, as `Codec.read` does, if the record does not fit.

    Raises:
        OutputError: The document cannot be read back, is none, or its records do not fit.
    """
    with stream.earlier() as earlier:
        begin = earlier.read(len(FIRST_BYTES))
        if FIRST_BYTES.startswith(begin):  # also where there is nothing
            return
        earlier.seek(0)
        if codec.read is None:
            raise OutputError(
                f"cannot go on with {printable(earlier.name)}: it is complete, and {name} cannot be read back. "
                "Give --overwrite to start anew; results that are to be gone on with are best kept as .jsonl."
            )
        try:
            with stream.replacing() as lines:
                for record in codec.read(earlier):
                    lines.write(to_line(record))
        except ValueError as error:
            raise OutputError(
                f"cannot go on with {printable(earlier.name)}: {error}. "
                "Give the options of the run that wrote it, or --overwrite to start anew."
            ) from error
