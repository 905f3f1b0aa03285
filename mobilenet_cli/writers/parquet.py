"""Results ⇄ Parquet, a row group at a time: the objects of the format jsonl, with types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from mobilenet_cli.json_lines import encoded
from mobilenet_cli.writers.json_objects import exact_lines, row_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mobilenet_cli.writers.base import Layout

_GROUP_PREDICTIONS = 50_000
"""Predictions in a row group at most: some 5 MB of lines; at five an image 10,000 rows."""
_GROUP_ROWS = 10_000
_GROUP_BYTES = 64 << 20
"""Bytes of lines in a row group at most: the rows of a table may be wide, and pyarrow reads no more than 2 GiB."""
_READ_ROWS = 1_000
_SURROGATE = b"\\ud"
"""How the escape of a lone surrogate begins, which is what the lines have of a byte that is not UTF-8."""


def write(lines: Path, stream: BinaryIO, layout: Layout) -> None:
    r"""Write one table with a column a field of Result, in the order of the rows.

    `label` is a struct, null where nothing is sure; `kinds` and `predictions` are lists of structs, empty where
    there are none; `score` is the number that the other formats show. A byte of a path that is not UTF-8 is shown
    as \xff. Where a table's rows name the images, `row` is a struct of their cells, and `row_extra` a list of those
    beyond the columns.

    Args:
        lines: The lines of an `ExactLinesWriter`.
        stream: Open for writing.
        layout: The options that shaped them.
    """
    import pyarrow as pa
    import pyarrow.json as pj
    import pyarrow.parquet as pq

    schema = _schema(row_names(layout))
    size = min(_GROUP_ROWS, max(1, _GROUP_PREDICTIONS // layout.top_k))
    with pq.ParquetWriter(stream, schema) as writer:
        for batch in _batches(lines, size):
            data = b"".join(line if _SURROGATE not in line else _valid_line(line) for line in batch)
            # As one block, since a line must not go beyond its end.
            table = pj.read_json(
                pa.BufferReader(data),
                pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
                pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
            )
            writer.write_table(table, row_group_size=len(batch))


def read(stream: BinaryIO, layout: Layout) -> Iterator[bytes]:
    """Yield the lines that a table was made of. See `Conversion.read`."""
    return exact_lines(objects(stream), layout)


def objects(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as the objects that the format jsonl has.

    Raises:
        ValueError: It is another table, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        document = pq.ParquetFile(stream, pre_buffer=False)
        found = document.schema_arrow
        names = [each.name for each in found.field("row").type] if "row" in found.names else None
        if not found.equals(_schema(names)):
            raise ValueError(f"its columns are {', '.join(found.names)}")
        for group in range(document.num_row_groups):  # a batch of several groups could be too large for memory
            for batch in document.iter_batches(_READ_ROWS, row_groups=[group]):
                for fields in batch.to_pylist():
                    yield {name: value for name, value in fields.items() if (name, value) != ("row_extra", None)}
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"it is not a Parquet file of mnclassify's results ({error})") from error


def _batches(lines: Path, most: int) -> Iterator[list[bytes]]:
    """Yield the lines, `most` at a time, or fewer where those have more than _GROUP_BYTES."""
    batch: list[bytes] = []
    size = 0
    with lines.open("rb") as stream:
        for line in stream:
            if batch and (len(batch) == most or size + len(line) > _GROUP_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += len(line)
    if batch:
        yield batch


def _schema(row: Sequence[str] | None) -> Any:
    """Return the table's schema; `row`: the names of the cells of the table whose rows name the images, if one does."""
    import pyarrow as pa

    name = [("wnid", pa.string()), ("label", pa.string()), ("score", pa.float64())]
    prediction = [("rank", pa.int32()), ("index", pa.int32()), *name]
    return pa.schema(
        [
            ("path", pa.string()),
            ("status", pa.string()),
            ("label", pa.struct(name)),
            ("kinds", pa.list_(pa.struct(name))),
            ("predictions", pa.list_(pa.struct(prediction))),
            ("error", pa.string()),
            ("warning", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("model", pa.string()),
            *([] if row is None else [("row", pa.struct([(name, pa.string()) for name in row]))]),
            *([] if row is None else [("row_extra", pa.list_(pa.string()))]),
        ]
    )


def _valid_line(line: bytes) -> bytes:
    return encoded(json.loads(line)) + b"\n"
