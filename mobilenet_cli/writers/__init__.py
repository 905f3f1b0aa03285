"""Results → text. FORMATS is the one table of formats: for the CLI's choices, file endings and writers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, BinaryIO

from mobilenet_cli.files.earlier_rows import Row
from mobilenet_cli.files.endings import by_ending
from mobilenet_cli.machine.extras import check_pyarrow
from mobilenet_cli.writers import parquet
from mobilenet_cli.writers.base import Layout, Writer
from mobilenet_cli.writers.codec import Codec
from mobilenet_cli.writers.delimited import DelimitedWriter, delimited_rows
from mobilenet_cli.writers.json_objects import JsonArrayWriter, JsonLinesWriter, json_lines_rows
from mobilenet_cli.writers.paths import PathWriter
from mobilenet_cli.writers.result_rows import ResultRows

__all__ = ["FORMATS", "Format", "Layout", "Writer", "format_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write Results.

    Attributes:
        name: What the user calls it (`--format NAME`).
        endings: The endings of file names that mean it, lower case and with the dot.
        make: Makes its Writer for a binary stream that is open for writing.
        read: Reads the rows of an unfinished document back; None where such a document cannot be gone on with.
        codec: Makes the document of its rows, at the end; None where the rows are the document.
    """

    name: str
    endings: tuple[str, ...]
    make: Callable[[BinaryIO, Layout], Writer]
    read: Callable[[BinaryIO, Layout], Iterator[Row]] | None = None
    codec: Codec[ResultRows, dict[str, Any]] | None = None


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


def _folded(name: str, endings: tuple[str, ...], codec: Codec[ResultRows, dict[str, Any]]) -> Format:
    return Format(name, endings, partial(JsonLinesWriter, exact=True), json_lines_rows, codec)


def _page(rows: ResultRows, stream: BinaryIO) -> None:
    from mobilenet_cli.html.report import write  # imports jinja2

    write(rows.results, stream)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("table", (), _table),
            _delimited("csv", (".csv",), ","),
            _delimited("tsv", (".tsv", ".tab"), "\t"),
            Format("json", (".json",), JsonArrayWriter),
            Format("jsonl", (".jsonl", ".ndjson"), JsonLinesWriter, json_lines_rows),
            _folded("parquet", (".parquet",), Codec(parquet.write, parquet.read, check_pyarrow)),
            _folded("html", (".html", ".htm"), Codec(_page, read=None)),
            Format("path", (), PathWriter),
        )
    }
)


def format_of(path: str) -> Format:
    """Return the Format that the ending of the file name `path` means. Raises InputError where it means none."""
    return by_ending(path, FORMATS, "the format")
