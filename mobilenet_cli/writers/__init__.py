"""Results → text. FORMATS is the one table of formats: for the CLI's choices, file endings and writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import BinaryIO

from mobilenet_cli.writers.base import Layout, Writer
from mobilenet_cli.writers.delimited import DelimitedWriter
from mobilenet_cli.writers.endings import by_ending
from mobilenet_cli.writers.json_lines import JsonArrayWriter, JsonLinesWriter
from mobilenet_cli.writers.paths import PathWriter
from mobilenet_cli.writers.reading import Row, delimited_rows, json_lines_rows

__all__ = ["FORMATS", "Format", "Layout", "Writer", "format_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write Results.

    Attributes:
        name: What the user calls it (`--format NAME`).
        endings: The endings of file names that mean it, lower case and with the dot.
        make: Makes its Writer for a binary stream that is open for writing.
        read: Reads the rows of an unfinished document back; None where such a document cannot be gone on with.
    """

    name: str
    endings: tuple[str, ...]
    make: Callable[[BinaryIO, Layout], Writer]
    read: Callable[[BinaryIO, Layout], Iterator[Row]] | None = None


def _table(stream: BinaryIO, layout: Layout) -> Writer:
    from mobilenet_cli.writers.table import TableWriter  # imports rich

    return TableWriter(stream, layout)


def _delimited(name: str, endings: tuple[str, ...], delimiter: str) -> Format:
    return Format(
        name,
        endings,
        make=partial(DelimitedWriter, delimiter=delimiter),
        read=partial(delimited_rows, delimiter=delimiter),
    )


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("table", (), _table),
            _delimited("csv", (".csv",), ","),
            _delimited("tsv", (".tsv", ".tab"), "\t"),
            Format("json", (".json",), JsonArrayWriter),
            Format("jsonl", (".jsonl", ".ndjson"), JsonLinesWriter, json_lines_rows),
            Format("path", (), PathWriter),
        )
    }
)


def format_of(path: str) -> Format:
    """Return the Format that the ending of the file name `path` means. Raises InputError where it means none."""
    return by_ending(path, FORMATS, "the format")
