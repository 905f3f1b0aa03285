"""`--resume`: an earlier run's document is read back, and checked against the options of this run.

FILE.part is read or, where it is empty, FILE. The rows of another model or of other options are refused before
anything is changed.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from mobilenet_cli.errors import InputError, OutputError, OutputWarning
from mobilenet_cli.files import made_with
from mobilenet_cli.files.earlier_run import EarlierRun
from mobilenet_cli.files.interrupted_run import InterruptedRun
from mobilenet_cli.json_lines import FIRST_BYTES
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.files.format import Conversion, Format, RowOptions
    from mobilenet_cli.files.part_file import PartFile

_Options = TypeVar("_Options", bound="RowOptions")
_ADVICE = "Give the options of the run that wrote it, or --overwrite to start over."


def resume_run(
    stream: PartFile,
    chosen: Format[Any, _Options],
    options: _Options,
    made_at: float,
    keeps_others: bool | None = None,
    *,
    may_begin_again: bool = False,
    beside: BinaryIO | None = None,
) -> EarlierRun:
    """Read what is there, drop a torn last row, and leave the stream at the end of the others.

    Args:
        stream: Opened with `resume`.
        chosen: The format.
        options: The options that shape the rows now.
        made_at: When the user trained or calibrated the model, in seconds since the epoch: older rows are another
            model's.
        keeps_others: Whether rows of images stay that are not among the sources; None: as the options say.
        may_begin_again: Whether a complete document that cannot be read back is replaced, instead of being refused.
        beside: Then: a PartFile of the same run with rows of the same kind, which are taken in the place of its own.

    Raises:
        InputError: A run in this format cannot be resumed.
        OutputError: The rows were made with other options or by another model, are damaged, or cannot be
            read or written.
    """
    if chosen.rows is None:
        raise InputError(f"a run that writes {chosen.name} cannot be resumed")
    if not chosen.can_be_read_back and _is_complete(stream):
        if not may_begin_again:
            raise OutputError(
                f"cannot resume {printable(str(stream.target))}: it is complete, and {chosen.name} cannot be read "
                "back. Give --overwrite to start over; to be able to add to results, write .jsonl."
            )
        if beside is None:
            return _begin_again(stream, chosen.name)
        stream.replace_with(beside.fileno(), [(0, os.fstat(beside.fileno()).st_size)])
    if stream.kept_options.options is not None:
        with stream.earlier() as document:
            has_rows = os.fstat(document.fileno()).st_size > 0
        if has_rows:
            check_options(document.name, stream.earlier_options(), stream.kept_options.options)
    _check_age(stream, options.model, made_at)
    if chosen.conversion is not None:
        _turn_into_lines(stream, chosen.conversion, options)
    with stream.earlier() as document:
        with _refusing(document):
            stays = options.keeps_others if keeps_others is None else keeps_others
            run = InterruptedRun(stream, chosen.rows(document, options), keeps_others=stays)
        stream.keep_beginning(document, run.end)
    return run


def _begin_again(stream: PartFile, name: str) -> EarlierRun:
    stream.is_stale = True
    message = (
        f"{printable(str(stream.target))} is complete, and {name} cannot be added to: all images are classified again "
        "to replace it, which an -o FILE.jsonl beside it would save"
    )
    warnings.warn(OutputWarning(message), stacklevel=3)
    return EarlierRun()


def check_options(name: str, before: made_with.MadeWith | None, now: made_with.MadeWith) -> None:
    """Refuse rows that were made with other options, before they are read.

    Where it is not known with which they were made, they are checked one by one, as far as they show it.

    Args:
        name: The name of what has them.
        before: The options that they were made with; None: not known.
        now: The options of this run.

    Raises:
        OutputError: They were made with others.

    Warns:
        OutputWarning: It is not known.
    """
    if before is None:
        message = (
            f"{printable(name)} does not say with which options its rows were made (an older version wrote it, or it "
            "was moved without its .meta file); they are checked as far as they show it"
        )
        warnings.warn(OutputWarning(message), stacklevel=2)
        return
    try:
        made_with.check(before, now)
    except ValueError as error:
        raise OutputError(f"cannot resume {printable(name)}: {error}. {_ADVICE}") from error


def _check_age(stream: PartFile, model: str, made_at: float) -> None:
    """Refuse rows from before a model of this name was last trained or calibrated: they are another model's."""
    with stream.earlier() as document:
        if os.fstat(document.fileno()).st_mtime < made_at:
            raise OutputError(
                f"cannot resume {printable(document.name)}: {printable(model)} is newer than its rows: "
                "another model may have made them. Give --overwrite to start over."
            )


def _turn_into_lines(stream: PartFile, conversion: Conversion[_Options], options: _Options) -> None:
    """Turn a complete document, which is FILE or was about to become it, into lines; leave lines as they are."""
    if not _is_complete(stream):
        return
    assert conversion.read is not None  # noqa: S101 - what cannot be read back is not complete here
    with stream.earlier() as document, _refusing(document), stream.replacing() as lines:
        for line in conversion.read(document, options):
            lines.write(line)


def _is_complete(stream: PartFile) -> bool:
    """Return whether a document that is converted is FILE, or was about to become it, and is no lines."""
    with stream.earlier() as document:
        return not FIRST_BYTES.startswith(document.read(len(FIRST_BYTES)))  # which begins also where there is nothing


@contextmanager
def _refusing(document: BinaryIO) -> Iterator[None]:
    """Turn a ValueError, which says what is wrong with a document, into an OutputError that advises what to do."""
    try:
        yield
    except ValueError as error:
        raise OutputError(f"cannot resume {printable(document.name)}: {error}. {_ADVICE}") from error
