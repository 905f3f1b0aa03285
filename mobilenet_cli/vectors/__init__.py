"""Embeddings → files of vectors. FORMATS is the one table of formats: for the CLI's choices and file endings.

A format that is not lines is a module here and a row of the table: a function that makes the file of the run's
lines, and one that reads the lines back.
"""

from __future__ import annotations

from mobilenet_cli.files.format import Conversion, Format, by_ending, by_name
from mobilenet_cli.machine.extras import check_pyarrow
from mobilenet_cli.records import Embedding
from mobilenet_cli.vectors import npz, parquet
from mobilenet_cli.vectors.rows import LinesWriter, PackedLinesWriter, Shape, packed_rows, rows

__all__ = ["FORMATS", "Shape", "format_of"]


def _converted(name: str, endings: tuple[str, ...], conversion: Conversion[Shape]) -> Format[Embedding, Shape]:
    return Format(name, endings, PackedLinesWriter, packed_rows, conversion)


FORMATS = by_name(
    Format("jsonl", (".jsonl", ".ndjson"), LinesWriter, rows),
    _converted("npz", (".npz",), Conversion(npz.write, npz.read)),
    _converted("parquet", (".parquet",), Conversion(parquet.write, parquet.read, check_pyarrow)),
)


def format_of(path: str) -> Format[Embedding, Shape]:
    """Return the Format that the ending of the file name `path` means. Raises InputError where it means none."""
    return by_ending(path, FORMATS, "the format of the vectors")
