"""Embeddings ⇄ Parquet, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from mobilenet_cli.records import Embedding
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.vectors.rows import batches, packed_lines

if TYPE_CHECKING:
    from pathlib import Path

    from mobilenet_cli.vectors.rows import Shape

_GROUP_BYTES = 8 << 20
"""The size of a row group's vectors: small enough to hold in memory, large enough to be read fast."""
_READ_ROWS = 64


def write(lines: Path, stream: BinaryIO, shape: Shape) -> None:
    """Write one table with a column a field of Embedding, in the order of the rows.

    `vector` is a fixed_size_list<float>[features], of NaN where the image failed: pyarrow up to 22
    cannot read a null there. A byte of a path that is not UTF-8 is shown as \\xff.

    Args:
        lines: The lines of a PackedLinesWriter.
        stream: Open for writing.
        shape: The shape of the Embeddings.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    features = shape.features
    schema = pa.schema(
        [
            ("path", pa.string()),
            ("status", pa.string()),
            ("vector", pa.list_(pa.float32(), features)),
            ("error", pa.string()),
            ("warning", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("model", pa.string()),
        ]
    )
    with pq.ParquetWriter(stream, schema, use_dictionary=["status", "error", "warning", "model"]) as writer:
        for batch in batches(lines, max(1, _GROUP_BYTES // (4 * features))):
            writer.write_batch(_columns(batch, schema, features))


def read(stream: BinaryIO, shape: Shape) -> Iterator[bytes]:
    """Yield the lines that a table was made of. See `Conversion.read`."""
    return packed_lines(_embeddings(stream), shape)


def _embeddings(stream: BinaryIO) -> Iterator[Embedding]:
    """Yield the Embeddings of a table that `write` made.

    Raises:
        ValueError: It is another table, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(stream, pre_buffer=False).iter_batches(_READ_ROWS):
            lists = batch.column("vector")
            vectors = lists.flatten().to_numpy().reshape(batch.num_rows, -1)
            for row, vector in zip(batch.drop_columns(["vector"]).to_pylist(), vectors, strict=True):
                row = {"warning": None} | row  # noqa: PLW2901 - tables of earlier versions have none
                yield Embedding(vector=vector if row["status"] == "ok" else None, **row)
    except (pa.ArrowException, OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is not a Parquet file of mnclassify's vectors ({error})") from error


def _columns(batch: list[Embedding], schema: Any, features: int) -> Any:
    import numpy as np
    import pyarrow as pa

    missing = np.full(features, np.nan, np.float32)
    values = np.concatenate([missing if each.vector is None else each.vector for each in batch])
    columns = {
        "path": pa.array([valid_utf8(each.path) for each in batch]),
        "status": pa.array([each.status for each in batch]),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(values), features),
        "error": pa.array([each.error and valid_utf8(each.error) for each in batch], pa.string()),
        "warning": pa.array([each.warning and valid_utf8(each.warning) for each in batch], pa.string()),
        "width": pa.array([each.width for each in batch], pa.int32()),
        "height": pa.array([each.height for each in batch], pa.int32()),
        "model": pa.array([valid_utf8(each.model) for each in batch]),
    }
    return pa.RecordBatch.from_pydict(columns, schema)
