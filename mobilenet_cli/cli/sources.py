"""The images that a command's arguments, --from and --from-csv name."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs import archives
from mobilenet_cli.inputs.archives import is_archive, is_counted_fast
from mobilenet_cli.inputs.archives.members import archive_of
from mobilenet_cli.inputs.braces import expand_ranges, has_range
from mobilenet_cli.inputs.find import count_sources, find_sources
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.inputs.patterns import is_pattern
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Source, row_key
from mobilenet_cli.remote.urls import check_installed, is_url
from mobilenet_cli.text import alike, printable

if TYPE_CHECKING:
    from mobilenet_cli.inputs.csv_table import CsvTable
    from mobilenet_cli.inputs.walk import ArchiveUse


_MOST_DESCRIBED = 5
_LOOKED_FOR = 1000
"""Names of a range in braces among which one is looked for that is there."""


class Sources(ABC):
    """The images of a run, found as they are needed and counted in the background.

    Attributes:
        columns: The column names of the CSV that names the images; None without one.
        column: The name of the column of images in that CSV or, if it was given, in a .parquet.
        left_out: The files left out because an extra is missing, once the sources were found.
    """

    columns: tuple[str, ...] | None = None
    column: str | None = None

    def __init__(self) -> None:
        self.left_out = LeftOut()

    @property
    def note(self) -> str | None:
        """A sentence for the user on how the sources were read, known when all are found; None for most."""
        return None

    @property
    @abstractmethod
    def described(self) -> str:
        """What was named, in a few words."""

    def are_missing(self, terminal: Terminal) -> bool:
        """Print what is named and missing, and return whether there is nothing else to read."""
        del terminal
        return False

    def open_archives(self, use: ArchiveUse) -> None:  # noqa: B027 - a table names no archives
        """Open archives in this way, if at all: see `find_sources`."""

    @property
    def has_whole_archives(self) -> bool:
        """Whether a Source may stand for an archive, whose images are known only with their records."""
        return False

    @abstractmethod
    def find(self) -> Iterator[Source]:
        """Yield the sources."""

    @property
    @abstractmethod
    def can_be_counted(self) -> bool:
        """Whether the sources can be counted without using them up: a list from a pipe can be read only once."""

    @abstractmethod
    def count(self, finished: Container[str]) -> int | None:
        """Return the current number of sources whose key is not in `finished`; None where that would take long."""

    def count_in_background(self, progress: ProgressLine, finished: Container[str] = ()) -> None:
        """Start a thread that counts the sources, if possible, and sets the total of `progress`."""

        def set_total() -> None:
            with suppress(InputError):  # the run itself will raise it
                if (count := self.count(finished)) is not None:
                    progress.set_total(count)

        if self.can_be_counted:
            threading.Thread(target=set_total, daemon=True).start()


class NamedSources(Sources):
    """The sources that the user named.

    Args:
        arguments: Files, folders, patterns, URLs and "-".
        list_file: A file with more paths, "-" for standard input, or None.
        null: Whether the paths in that file end in NUL bytes.
        choice: The other arguments of `find_sources`.

    Raises:
        UsageError: No source is given, or the arguments contradict each other.
        InputError: A package that one of the URLs needs is not installed.
    """

    def __init__(self, arguments: Sequence[str], list_file: str | None, null: bool, **choice: Any) -> None:
        super().__init__()
        if not arguments and list_file is None:
            raise click.UsageError("name SOURCES…, or a list of them with --from FILE")
        if null and list_file is None:
            raise click.UsageError("--null (-0) needs --from FILE")
        if list_file == STDIN and STDIN in arguments:
            raise click.UsageError("standard input is an image (-) or a list of images (--from -), not both")
        for argument in arguments:
            if is_url(argument):
                check_installed(argument)
            if choice.get("archives") != "none":
                archives.check_installed(argument)
        if choice.get("column") is not None and list_file is None and not any(map(archives.is_table, arguments)):
            raise click.UsageError("--column needs --from-csv FILE or a .parquet file")
        self.column = choice.get("column")
        self._arguments, self._list_file, self._null, self._choice = arguments, list_file, null, choice

    def check_files(self) -> None:
        """Check that no archive is named, for a command that does something with the files themselves.

        Raises:
            UsageError: One is.
        """
        for archive in filter(is_archive, self._arguments):
            raise click.UsageError(f"{printable(archive)} is an archive, and this command takes files: unpack it")
        self._choice = {**self._choice, "archives": "none"}

    def open_archives(self, use: ArchiveUse) -> None:
        """Open archives in this way, if at all: see `find_sources`."""
        self._choice = {**self._choice, "archives": use}

    @property
    def has_whole_archives(self) -> bool:
        """Whether a Source may stand for an archive, whose images are known only with their records."""
        return self._choice.get("archives") == "whole"

    def are_missing(self, terminal: Terminal) -> bool:
        """Print each argument that names no file or folder, and return whether there is nothing else to read.

        A run that goes on makes an error of each. One that has nothing else must not begin: a mistyped folder would
        leave a file of errors in the way of the corrected command.
        """
        missing = [each for each in self._arguments if self._is_missing(each)]
        for each in missing:
            reason = "no file matches this pattern" if is_pattern(each) else "no such file or folder"
            terminal.error(f"{printable(each)}: {reason}{_meant(each)}")
        return bool(missing) and len(missing) == len(self._arguments) and self._list_file is None

    @property
    def described(self) -> str:
        """The arguments, of many the first, and the list."""
        shown = [printable(each) for each in self._arguments[:_MOST_DESCRIBED]]
        if (more := len(self._arguments) - len(shown)) > 0:
            shown.append(f"{more:,} more")
        return ", ".join(shown + ([f"the list {printable(self._list_file)}"] if self._list_file is not None else []))

    @property
    def need_stdin(self) -> bool:
        """Whether standard input is an image or the list."""
        return self._list_file == STDIN or STDIN in self._arguments

    def find(self) -> Iterator[Source]:
        """Yield the sources."""
        return find_sources(self._arguments, listed=self._listed(), left_out=self.left_out, **self._choice)

    @property
    def can_be_counted(self) -> bool:
        """Whether counting is possible and fast: a pipe can be read only once, and listing a bucket is slow."""
        return (self._list_file is None or _can_be_read_twice(self._list_file)) and not any(
            _must_be_listed(argument) or (is_archive(argument) and not is_counted_fast(argument))
            for argument in self._arguments
        )

    def count(self, finished: Container[str]) -> int | None:
        """Return the current number of sources whose path is not in `finished`; None where that would take long."""
        return count_sources(self._arguments, listed=self._listed(), finished=finished, **self._choice)

    def _is_missing(self, argument: str) -> bool:
        if argument == STDIN or is_url(argument) or os.path.lexists(argument):
            return False
        if has_range(argument):
            return all(map(self._is_missing, islice(expand_ranges(argument), _LOOKED_FOR)))
        if not is_pattern(argument):
            return self._choice.get("archives") == "none" or archive_of(argument) is None
        from mobilenet_cli.inputs.globs import expand
        from mobilenet_cli.inputs.walk import Rules

        rules = Rules(include_hidden=self._choice["include_hidden"])
        return next(expand(argument, rules), None) is None

    def _listed(self) -> Iterable[str]:
        if self._list_file is None:
            return ()
        from mobilenet_cli.inputs.lists import read_list

        return read_list(self._list_file, null=self._null)


def _meant(argument: str) -> str:
    """Return a question after the name beside `argument` that resembles it, or "" if none does."""
    path = Path(argument)
    with suppress(OSError, ValueError):
        name = alike(path.name, os.listdir(path.parent), 0.75)  # noqa: PTH208
        return "" if name is None else f"; did you mean {printable(str(path.parent / name))}?"
    return ""


class TableSources(Sources):
    """The images that the rows of a CSV name.

    Args:
        file: The CSV, "-" for standard input.
        column: The column with the image paths, or None for one with a usual name (path, file, image, …).
        delimiter: The cell separator, or None to take it from the header.
        encoding: The name of the encoding, or None to find it.

    Raises:
        InputError: The file cannot be read, or has no such column.
    """

    def __init__(self, file: str, column: str | None, delimiter: str | None, encoding: str | None = None) -> None:
        super().__init__()
        self._file, self._column, self._delimiter, self._encoding = file, column, delimiter, encoding
        self._table = self._opened()
        self.columns, self.column = self._table.columns, self._table.column

    @property
    def described(self) -> str:
        """The table."""
        return f"the rows of {printable(self._file)}"

    @property
    def note(self) -> str | None:
        """A sentence if the encoding was guessed, else None."""
        return self._table.note

    def find(self) -> Iterator[Source]:
        """Yield the sources. Call it only once."""
        return self._table.sources()

    @property
    def can_be_counted(self) -> bool:
        """Whether the file can be read twice."""
        return _can_be_read_twice(self._file)

    def count(self, finished: Container[str]) -> int:
        """Return the current number of rows whose key is not in `finished`."""
        return sum(row_key(cells) not in finished for cells in self._opened().rows())

    def _opened(self) -> CsvTable:
        from mobilenet_cli.inputs.csv_table import CsvTable

        return CsvTable(self._file, column=self._column, delimiter=self._delimiter, encoding=self._encoding)


def _can_be_read_twice(file: str) -> bool:
    from mobilenet_cli.inputs.lists import can_be_read_twice

    return can_be_read_twice(file)


def _must_be_listed(argument: str) -> bool:
    if not is_url(argument):
        return False
    from mobilenet_cli.inputs.remote_listing import must_be_listed

    return must_be_listed(argument)
