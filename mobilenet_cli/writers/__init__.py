"""Results → files and pipes. FORMATS is the one table of formats: for the CLI's choices, file endings and writers.

A format is a module here and a row of the table: a ResultWriter and, where a run in it can be resumed, a function
that reads the rows back.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from mobilenet_cli.errors import InputError
from mobilenet_cli.files.format import Conversion, Format, by_ending, by_name
from mobilenet_cli.machine.extras import check_pyarrow
from mobilenet_cli.records import Result
from mobilenet_cli.writers.base import Layout, ResultWriter
from mobilenet_cli.writers.delimited import CsvWriter, TsvWriter, csv_rows, tsv_rows
from mobilenet_cli.writers.json_objects import ExactLinesWriter, JsonArrayWriter, JsonLinesWriter, json_lines_rows
from mobilenet_cli.writers.paths import PathWriter

__all__ = ["FORMATS", "LONG_TABLE", "Layout", "check_resumable", "format_of", "page_format"]


def _table(stream: BinaryIO, options: Layout, *, begun: bool = False) -> ResultWriter:
    from mobilenet_cli.writers.one_line import OneLineWriter  # imports rich

    return OneLineWriter(stream, options, begun=begun)


def _long_table(stream: BinaryIO, options: Layout, *, begun: bool = False) -> ResultWriter:
    from mobilenet_cli.writers.table import TableWriter  # imports rich

    return TableWriter(stream, options, begun=begun)


def _converted(name: str, endings: tuple[str, ...], conversion: Conversion[Layout]) -> Format[Result, Layout]:
    return Format(name, endings, ExactLinesWriter, json_lines_rows, conversion)


def _parquet(lines: Path, stream: BinaryIO, layout: Layout) -> None:
    from mobilenet_cli.writers.parquet import write

    write(lines, stream, layout)


def _lines_of_parquet(stream: BinaryIO, layout: Layout) -> Iterator[bytes]:
    from mobilenet_cli.writers.parquet import read

    return read(stream, layout)


def _page(
    lines: Path,
    stream: BinaryIO,
    layout: Layout,
    *,
    file: str | None = "",
    thumbnails: str = "inside",
    link_base: str | None = None,
) -> None:
    from mobilenet_cli.html.report import SIDE, write  # imports jinja2
    from mobilenet_cli.writers.json_reading import results_in

    del layout
    side, beside = None if thumbnails == "none" else SIDE, thumbnails == "beside"
    write(lambda: results_in(lines), stream, file=file, side=side, beside=beside, link_base=link_base)


def page_format(file: str | None, thumbnails: str, link_base: str | None) -> Format[Result, Layout]:
    """Return the format "html" of one page.

    Args:
        file: The page's path; None: it is not on this machine.
        thumbnails: Where its thumbnails are: "inside", "beside" or "none".
        link_base: As for `html.report.write`.
    """
    make = partial(_page, file=file, thumbnails=thumbnails, link_base=link_base)
    return _converted("html", FORMATS["html"].endings, Conversion(make, read=None))


FORMATS = by_name(
    Format("table", (), _table),
    Format("csv", (".csv",), CsvWriter, csv_rows),
    Format("tsv", (".tsv", ".tab"), TsvWriter, tsv_rows),
    Format("json", (".json",), JsonArrayWriter),
    Format("jsonl", (".jsonl", ".ndjson"), JsonLinesWriter, json_lines_rows),
    _converted("parquet", (".parquet",), Conversion(_parquet, _lines_of_parquet, check_pyarrow)),
    _converted("html", (".html", ".htm"), Conversion(_page, read=None)),
    Format("path", (), PathWriter),
)
LONG_TABLE: Format[Result, Layout] = Format("table", (), _long_table)
"""The table with a line a label instead of one an image: what `table` means where the user says how many."""


def format_of(path: str) -> Format[Result, Layout]:
    """Return the Format that the ending of the file name `path` means. Raises InputError where it means none."""
    return by_ending(path, FORMATS, "the format")


def check_resumable(chosen: Format[Result, Layout]) -> None:
    """Raise an InputError, which lists the formats that can be resumed, if this one cannot."""
    if not chosen.is_resumable:
        able = ", ".join(each.name for each in FORMATS.values() if each.is_resumable)
        raise InputError(f"--resume goes with a file of the formats {able}, not with {chosen.name}")
