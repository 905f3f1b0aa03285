"""Parquet → the images in the rows of one of its columns, by pyarrow, a few rows at a time.

The column is that of `--column`, or else the first of: a struct with bytes and a path, as Hugging Face's data sets
have (`{bytes: binary, path: string}`); bytes; and text with a usual name (`csv_table.USUAL_COLUMNS`), which is paths.
A path is relative to the folder of the table.
"""
# Paths stay the strings that were written: a Path would rewrite "./a" and "a//b".
# ruff: noqa: PTH118, PTH120

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from mobilenet_cli.errors import ImageError
from mobilenet_cli.inputs.archives.archive import MAX_MEMBERS, TOO_LARGE, Archive, ArchiveError, damage, explained
from mobilenet_cli.inputs.csv_table import usual_column
from mobilenet_cli.inputs.walk import file_source
from mobilenet_cli.records import Elsewhere, Source
from mobilenet_cli.remote.pieces import MAX_BYTES
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

_BATCH_ROWS = 64
_BATCH_BYTES = 8 << 20
_BUFFER = 1 << 20
"""Bytes that are read at once: without a buffer, pyarrow holds the whole column of a row group."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column with images.

    Attributes:
        name: Its name.
        data: Whether its values are, or have, encoded images.
        path: Whether they are, or have, paths.
        is_struct: Whether they have fields `bytes` and `path`.
    """

    name: str
    data: bool
    path: bool
    is_struct: bool


def sources(archive: Archive) -> Iterator[Source]:
    """Yield a Source for each row, with its data or the path of its file.

    Raises:
        ArchiveError: The table cannot be read, or no column of it has images.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with explained():
        # By pyarrow itself where it can: every call of Python's files takes the interpreter's lock.
        file = archive.with_random_access() if archive.is_remote else pa.OSFile(archive.path)
    with file:
        try:
            table = pq.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
            schema = table.schema_arrow
        except ImageError as error:
            raise ArchiveError(str(error)) from error
        except Exception as error:  # pyarrow's
            raise ArchiveError(f"damaged, cut off, or no Parquet file ({damage(error)})") from error
        if table.metadata.num_rows > MAX_MEMBERS:
            raise ArchiveError(f"it has more than {MAX_MEMBERS:,} rows")
        column = _column(schema, archive.rules.column)
        counts = [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)]
        if sum(counts) != table.metadata.num_rows or min(counts, default=0) < 0:
            raise ArchiveError("damaged: its row groups have other rows in all than it says")
        begin = 0
        for group, rows in enumerate(counts):
            yield from _of_group(archive, table, column, group, range(begin, begin + rows))
            begin += rows


def _of_group(archive: Archive, table: Any, column: _Column, group: int, rows: range) -> Iterator[Source]:
    """Yield the Sources of a row group; where it is damaged, the rest of its rows have an error."""
    done = 0
    try:
        for batch in table.iter_batches(
            _batch_rows(table, column, group), row_groups=[group], columns=[column.name], use_threads=False
        ):
            for value in batch.column(0):
                yield _source(archive, column, value, rows[done])
                done += 1
    except (ImageError, ArchiveError) as error:
        reason = str(error)
    except Exception as error:  # pyarrow's
        reason = f"the table is damaged here ({damage(error)})"
    else:
        reason = "the table is damaged here: its row group has fewer rows than it says"
    for row in rows[done:]:
        yield Source(f"{archive.path}#{row}", error=reason, archive=archive.path)


def _batch_rows(table: Any, column: _Column, group: int) -> int:
    """Return how many rows are read at once: so many that they have about _BATCH_BYTES."""
    metadata = table.metadata.row_group(group)
    chunks = [metadata.column(number) for number in range(metadata.num_columns)]
    own = [chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] == column.name]
    size = max(1, sum(chunk.total_uncompressed_size for chunk in own))
    # With a dictionary, each of the rows may have all of it.
    repeated = any(chunk.has_dictionary_page for chunk in own)
    average = size if repeated else size // max(1, metadata.num_rows)
    return int(min(_BATCH_ROWS, max(1, _BATCH_BYTES // max(1, average))))


def _source(archive: Archive, column: _Column, value: Any, row: int) -> Source:
    source = Source(f"{archive.path}#{row}", archive=archive.path)
    data, path = value, value
    if column.is_struct:
        data = value["bytes"] if column.data and value.is_valid else None
        path = value["path"] if column.path and value.is_valid else None
    if column.data and data is not None and data.is_valid:
        if len(data.as_buffer()) > MAX_BYTES:
            return replace(source, error=TOO_LARGE)
        return replace(source, data=data.as_py())
    if not column.path or path is None or not path.is_valid or not path.as_py():
        return replace(source, error="the row has no image")
    return _at(archive, source, path.as_py())


def _at(archive: Archive, source: Source, path: str) -> Source:
    """Return the Source of a row that names a file."""
    if not is_url(path):
        folder = archive.path.rpartition("/")[0] if archive.is_remote else os.path.dirname(archive.path)
        # A table from elsewhere names no files of this machine.
        path = f"{folder}/{path.lstrip('/')}" if archive.is_remote else os.path.join(folder, path)
    if not is_url(path):
        found = file_source(path)
        error = "a folder, not an image" if found is None else found.error
        if error is not None:
            return replace(source, error=f"{printable(path)}: {error}")
    return replace(source, content=Elsewhere(path))


def _column(schema: Any, wanted: str | None) -> _Column:
    """Return the column with the images. Raises an ArchiveError where it is not clear which it is."""
    candidates = [column for field in schema if (column := _as_column(field)) is not None]
    names = ", ".join(printable(repr(name)) for name in schema.names)
    if wanted is not None:
        for column in candidates:
            if column.name == wanted:
                return column
        raise ArchiveError(f"it has no column {printable(wanted)!r} of images or paths; its columns are {names}")
    usual = usual_column([column.name for column in candidates if not column.data])
    of_paths = [column for column in candidates if column.name in usual and not column.data]
    structs = [column for column in candidates if column.is_struct]
    of_bytes = [column for column in candidates if column.data and not column.is_struct]
    for group in (structs, of_bytes, of_paths):
        if len(group) == 1:
            return group[0]
        if group:
            break
    raise ArchiveError(f"which column has the images? Give it with --column; they are {names}")


def _as_column(field: Any) -> _Column | None:
    """Return how a field of a schema has images; None if it has none."""
    from pyarrow import types

    def is_bytes(kind: Any) -> bool:
        return bool(types.is_binary(kind) or types.is_large_binary(kind))

    def is_text(kind: Any) -> bool:
        return bool(types.is_string(kind) or types.is_large_string(kind))

    kind = field.type
    if types.is_struct(kind):
        fields = {each.name: each.type for each in kind}
        data, path = is_bytes(fields.get("bytes")), is_text(fields.get("path"))
        return _Column(field.name, data, path, True) if data else None
    if is_bytes(kind):
        return _Column(field.name, True, False, False)
    return _Column(field.name, False, True, False) if is_text(kind) else None
