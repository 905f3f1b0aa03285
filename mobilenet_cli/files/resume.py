"""`--resume`: an earlier run's document is read back, and checked against the options of this run.

FILE.part is read or, where it is empty, FILE. The rows of another model or of other options are refused before
anything is changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.files.interrupted_run import InterruptedRun
from mobilenet_cli.json_lines import FIRST_BYTES
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.files.format import Conversion, Format, RowOptions
    from mobilenet_cli.files.part_file import PartFile

_Options = TypeVar("_Options", bound="RowOptions")


def resume_run(
    stream: PartFile,
    chosen: Format[Any, _Options],
    options: _Options,
    made_at: float,
    keeps_others: bool | None = None,
) -> InterruptedRun:
    """Read what is there, drop a torn last row, and leave the stream at the end of the others.

    Args:
        stream: Opened with `resume`.
        chosen: The format.
        options: The options that shape the rows now.
        made_at: When the user trained or calibrated the model, in seconds since the epoch: older rows are another
            model's.
        keeps_others: Whether rows of images stay that are not among the sources; None: as the options say.

    Raises:
        InputError: A run in this format cannot be resumed.
        OutputError: The rows were made with other options or by another model, are damaged, or cannot be
            read or written.
    """
    if chosen.rows is None:
        raise InputError(f"a run that writes {chosen.name} cannot be resumed")
    _check_age(stream, options.model, made_at)
    if chosen.conversion is not None:
        _turn_into_lines(stream, chosen.name, chosen.conversion, options)
    with stream.earlier() as document:
        with _refusing(document):
            stays = options.keeps_others if keeps_others is None else keeps_others
            run = InterruptedRun(stream, chosen.rows(document, options), keeps_others=stays)
        stream.keep_beginning(document, run.end)
    return run


def _check_age(stream: PartFile, model: str, made_at: float) -> None:
    """Refuse rows from before a model of this name was last trained or calibrated: they are another model's."""
    with stream.earlier() as document:
        if os.fstat(document.fileno()).st_mtime < made_at:
            raise OutputError(
                f"cannot resume {printable(document.name)}: {printable(model)} is newer than its rows: "
                "another model may have made them. Give --overwrite to start over."
            )


def _turn_into_lines(stream: PartFile, name: str, conversion: Conversion[_Options], options: _Options) -> None:
    """Turn a complete document, which is FILE or was about to become it, into lines; leave lines as they are."""
    with stream.earlier() as document:
        begin = document.read(len(FIRST_BYTES))
        if FIRST_BYTES.startswith(begin):  # also where there is nothing
            return
        document.seek(0)
        if conversion.read is None:
            raise OutputError(
                f"cannot resume {printable(document.name)}: it is complete, and {name} cannot be read back. "
                "Give --overwrite to start over; to be able to add to results, write .jsonl."
            )
        with _refusing(document), stream.replacing() as lines:
            for line in conversion.read(document, options):
                lines.write(line)


@contextmanager
def _refusing(document: BinaryIO) -> Iterator[None]:
    """Turn a ValueError, which says what is wrong with a document, into an OutputError that advises what to do."""
    try:
        yield
    except ValueError as error:
        raise OutputError(
            f"cannot resume {printable(document.name)}: {error}. "
            "Give the options of the run that wrote it, or --overwrite to start over."
        ) from error
