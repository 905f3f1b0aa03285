"""What a command's arguments, its --from and its --from-csv name."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import click

from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.csv_table import CsvTable
from mobilenet_cli.inputs.find import count_sources, find_sources
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.inputs.lists import can_be_read_twice, read_list
from mobilenet_cli.inputs.remote_listing import must_be_listed
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Source, row_key
from mobilenet_cli.remote.urls import check_installed, is_url


class Sources(ABC):
    """What a command is done to: found as it is asked for, and counted on the side.

    Attributes:
        columns: The names of the columns of the table whose rows name the images; None where none does.
        left_out: The files that were left out because an extra is missing, once the sources were found.
    """

    columns: tuple[str, ...] | None = None

    def __init__(self) -> None:
        self.left_out = LeftOut()

    @abstractmethod
    def find(self) -> Iterator[Source]:
        """Yield them."""

    @property
    @abstractmethod
    def can_be_counted(self) -> bool:
        """Whether counting them leaves them as they are: a list from a pipe can be read but once."""

    @abstractmethod
    def count(self, finished: Container[str]) -> int:
        """Return how many there are now whose key is not in `finished`."""

    def count_in_background(self, progress: ProgressLine, finished: Container[str] = ()) -> None:
        """Tell `progress` their number, once it is known, if they can be counted."""

        def tell_total() -> None:
            with suppress(InputError):  # whoever reads the sources for their images will raise it too
                progress.set_total(self.count(finished))

        if self.can_be_counted:
            threading.Thread(target=tell_total, daemon=True).start()


class NamedSources(Sources):
    """The sources that the user named.

    Args:
        arguments: Files, folders, patterns, URLs and "-".
        list_file: A file that lists more of them, "-" for standard input, or None.
        null: Whether the paths in the list end in NUL bytes.
        choice: What `find_sources` takes besides.

    Raises:
        UsageError: They do not go together.
        InputError: What reads one of the URLs is not installed.
    """

    def __init__(self, arguments: Sequence[str], list_file: str | None, null: bool, **choice: Any) -> None:
        super().__init__()
        if not arguments and list_file is None:
            raise click.UsageError("name SOURCES…, or a list of them with --from FILE")
        if null and list_file is None:
            raise click.UsageError("--null (-0) says how the list of --from FILE is written: give that too")
        if list_file == STDIN and STDIN in arguments:
            raise click.UsageError("standard input is an image (-) or a list of them (--from -), not both")
        for url in filter(is_url, arguments):
            check_installed(url)
        self._arguments, self._list_file, self._null, self._choice = arguments, list_file, null, choice

    @property
    def need_stdin(self) -> bool:
        """Whether standard input is one of them, or lists them."""
        return self._list_file == STDIN or STDIN in self._arguments

    def find(self) -> Iterator[Source]:
        """Yield them."""
        return find_sources(self._arguments, listed=self._listed(), left_out=self.left_out, **self._choice)

    @property
    def can_be_counted(self) -> bool:
        """Whether counting them costs little: a list from a pipe can be read but once, a bucket takes its time."""
        return (self._list_file is None or can_be_read_twice(self._list_file)) and not any(
            map(must_be_listed, self._arguments)
        )

    def count(self, finished: Container[str]) -> int:
        """Return how many there are now whose path is not in `finished`."""
        return count_sources(self._arguments, listed=self._listed(), finished=finished, **self._choice)

    def _listed(self) -> Iterable[str]:
        return () if self._list_file is None else read_list(self._list_file, null=self._null)


class TableSources(Sources):
    """The images that the rows of a CSV name.

    Args:
        file: The CSV, "-" for standard input.
        column: The column of the images, or None for the one that is usually called so.
        delimiter: What separates its cells, or None for what its header has.

    Raises:
        InputError: It cannot be read, or has no such column.
    """

    def __init__(self, file: str, column: str | None, delimiter: str | None) -> None:
        super().__init__()
        self._file, self._column, self._delimiter = file, column, delimiter
        self._table = self._opened()
        self.columns = self._table.columns

    def find(self) -> Iterator[Source]:
        """Yield them, once."""
        return self._table.sources()

    @property
    def can_be_counted(self) -> bool:
        """Whether the file can be read twice."""
        return can_be_read_twice(self._file)

    def count(self, finished: Container[str]) -> int:
        """Return how many rows there are now whose key is not in `finished`."""
        return sum(row_key(cells) not in finished for cells in self._opened().rows())

    def _opened(self) -> CsvTable:
        return CsvTable(self._file, column=self._column, delimiter=self._delimiter)
