"""Saved results, in any format that they can be read back from, which their first bytes show."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from mobilenet_cli.machine.extras import check_pyarrow
from mobilenet_cli.records import Result

_PARQUET = b"PAR1"
_JSON = (b"{", b"[")


def read_saved(stream: BinaryIO, column: str | None = None) -> Iterator[Result]:
    """Yield the Results of a document: JSON Lines, JSON, CSV, TSV or Parquet.

    CSV and TSV have neither a picture's size nor, but for a long table, a class's index and wnid, and of kinds the
    names alone: there, the size is None, the index -1, the wnid "" and a kind's score NaN.

    Args:
        stream: Seekable, at its start.
        column: The column of paths where the results stand beside a table; None for one with a usual name.

    Raises:
        ValueError: It is no such document; the message follows the file's name and a colon.
        OutputError: It is Parquet, and pyarrow is not installed.
    """
    begin = stream.read(4)
    stream.seek(0)
    if begin == _PARQUET:
        check_pyarrow()
        from mobilenet_cli.writers.json_reading import result_from
        from mobilenet_cli.writers.parquet import objects

        return map(result_from, objects(stream))
    if begin.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (*_JSON, b""):
        from mobilenet_cli.writers.json_reading import read_results

        return read_results(stream)
    from mobilenet_cli.writers.delimited_reading import read_table

    return read_table(stream, column)
