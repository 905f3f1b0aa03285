"""Results → text. FORMATS is the one table of formats: for the CLI's choices, file endings and writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import BinaryIO

from mobilenet_cli.errors import InputError
from mobilenet_cli.writers.base import Layout, Writer
from mobilenet_cli.writers.delimited import DelimitedWriter
from mobilenet_cli.writers.json_lines import JsonArrayWriter, JsonLinesWriter
from mobilenet_cli.writers.paths import PathWriter
from mobilenet_cli.writers.reading import Row, delimited_rows, json_lines_rows
from mobilenet_cli.writers.text import printable

__all__ = ["FORMATS", "Format", "Layout", "Writer", "format_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write Results.

    Attributes:
        name: What the user calls it (`--format NAME`).
        endings: The endings of file names that mean it, lower case and with the dot.
        description: A few words for the help.
        make: Makes its Writer for a binary stream that is open for writing.
        read: Reads the rows of an unfinished document back; None where such a document cannot be gone on with.
    """

    name: str
    endings: tuple[str, ...]
    description: str
    make: Callable[[BinaryIO, Layout], Writer]
    read: Callable[[BinaryIO, Layout], Iterator[Row]] | None = None


def _table(stream: BinaryIO, layout: Layout) -> Writer:
    from mobilenet_cli.writers.table import TableWriter  # imports rich

    return TableWriter(stream, layout)


def _delimited(name: str, endings: tuple[str, ...], description: str, delimiter: str) -> Format:
    return Format(
        name,
        endings,
        description,
        make=partial(DelimitedWriter, delimiter=delimiter),
        read=partial(delimited_rows, delimiter=delimiter),
    )


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("table", (), "for reading on a terminal", _table),
            _delimited("csv", (".csv",), "comma-separated values", ","),
            _delimited("tsv", (".tsv", ".tab"), "tab-separated values", "\t"),
            Format("json", (".json",), "one array of objects", JsonArrayWriter),
            Format("jsonl", (".jsonl", ".ndjson"), "one object a line", JsonLinesWriter, json_lines_rows),
            Format("path", (), "just the paths of the images", PathWriter),
        )
    }
)


def format_of(path: str) -> Format:
    """Return the Format that the ending of the file name `path` means, in upper or lower case.

    Raises:
        InputError: The ending means none; the message lists those that do.
    """
    for each in FORMATS.values():
        if path.lower().endswith(each.endings):
            return each
    known = ", ".join(ending for each in FORMATS.values() for ending in each.endings)
    raise InputError(
        f"{printable(path)}: cannot tell the format from the file's ending. "
        f"Use one of {known}, or name the format with --format."
    )
