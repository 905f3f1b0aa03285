"""Files of saved results as a command's arguments: opened once, read as often as needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import click

from mobilenet_cli.errors import InputError
from mobilenet_cli.files.part_folder import is_part
from mobilenet_cli.inputs.stdin import STDIN, open_stdin
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.records import Result

results_argument = click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="RESULTS…",
    type=click.Path(exists=True, readable=True, allow_dash=True),
)
root_option = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    metavar="FOLDER",
    help="Folder that the paths in RESULTS start from: where classify ran  [default: current folder]",
)


class _Saved(NamedTuple):
    """An open file of results and its name for error messages."""

    name: str
    stream: BinaryIO


class SavedResults:
    """The results of several files, in their order. They can be read again."""

    def __init__(self, files: Sequence[_Saved]) -> None:
        self._files = files

    def __iter__(self) -> Iterator[Result]:
        """Yield the Results. Raises an InputError where a file has none."""
        from mobilenet_cli.writers.reading import read_saved

        for name, stream in self._files:
            stream.seek(0)
            try:
                yield from read_saved(stream)
            except ValueError as error:
                raise InputError(
                    f"{printable(name)}: {error}. Results are read from JSON Lines, JSON, CSV, TSV and Parquet: "
                    "`mnclassify SOURCES… -o results.jsonl` writes them."
                ) from error


@contextmanager
def opened(files: Sequence[str]) -> Iterator[SavedResults]:
    """Open files of results, folders of part files, and standard input ("-").

    Raises:
        InputError: One cannot be read.
    """
    with ExitStack() as stack:
        yield SavedResults([_Saved(file, stack.enter_context(_opened(file))) for each in files for file in _in(each)])


def _in(file: str) -> list[str]:
    """Return the part files of a folder, or the file itself."""
    if file == STDIN or not Path(file).is_dir():
        return [file]
    parts = [os.path.join(file, name) for name in sorted(os.listdir(file)) if is_part(name)]  # noqa: PTH118, PTH208
    if not parts:
        raise InputError(f"{printable(file)} is a folder without part files: name files of results")
    return parts


def _opened(file: str) -> BinaryIO:
    """Open a file for reading several times. A pipe is copied to a temporary file first."""
    try:
        if file != STDIN and Path(file).is_file():
            return Path(file).open("rb")
        copy: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes what this returns
        with open_stdin() if file == STDIN else Path(file).open("rb") as stream:
            shutil.copyfileobj(stream, copy)
    except (ValueError, AttributeError) as error:
        raise InputError("cannot read standard input: it is closed") from error
    except OSError as error:
        raise InputError(f"cannot read {printable(file)}: {error.strerror}") from error
    return copy
