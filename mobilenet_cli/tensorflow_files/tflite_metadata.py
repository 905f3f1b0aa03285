"""TFLite metadata: what a .tflite file says about its input and its labels.

Source: metadata_schema.fbs of tflite-support. A flatbuffer, in a buffer that the model calls TFLITE_METADATA; the
files that it names are in a zip archive at the end of the .tflite file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobilenet_cli.text import first_line

_NAME = b"TFLITE_METADATA"
_LABELS_OF_AXIS = 2
_NORMALIZATION = 1
_MOST_BYTES_OF_LABELS = 1 << 24


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a model's metadata that is used.

    Attributes:
        mean: NormalizationOptions of the input: the network takes (pixel − mean) / std, for pixels from 0 to 255.
        std: The same; both are empty where the metadata has none.
        labels: The content of the label file of the output, or None.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    labels: bytes | None = None


def read_metadata(file: Path) -> Metadata:
    """Read the metadata of a .tflite file; it is empty where the file has none.

    Raises:
        OSError: The file cannot be read.
        ValueError: The metadata is damaged.
    """
    try:
        data = _metadata_of(file.read_bytes())
        if data is None:
            return Metadata()
        (graph, *_) = _Table.root(data).tables(3)
        mean, std = _normalization(graph)
        return Metadata(mean, std, _labels(file, graph))
    except OSError:
        raise
    except Exception as error:  # a damaged flatbuffer leads anywhere: struct.error, IndexError, TypeError …
        raise ValueError(f"its metadata is damaged ({first_line(error)})") from error


def _metadata_of(model: bytes) -> bytes | None:
    from ai_edge_litert.schema_py_generated import Model

    root = Model.GetRootAs(model, 0)
    for index in range(root.MetadataLength()):
        entry = root.Metadata(index)
        if entry.Name() == _NAME:
            return bytes(root.Buffers(entry.Buffer()).DataAsNumpy())
    return None


def _normalization(graph: _Table) -> tuple[tuple[float, ...], tuple[float, ...]]:
    for tensor in graph.tables(2):
        for unit in tensor.tables(4):
            if unit.byte(0) == _NORMALIZATION and (options := unit.table(1)) is not None:
                return options.floats(0), options.floats(1)
    return (), ()


def _labels(file: Path, graph: _Table) -> bytes | None:
    for tensor in graph.tables(3):
        for associated in tensor.tables(6):
            if associated.byte(2) == _LABELS_OF_AXIS and not associated.text(3):  # none of another language
                with zipfile.ZipFile(file) as archive:
                    member = archive.getinfo(associated.text(0))
                    if member.file_size > _MOST_BYTES_OF_LABELS:
                        raise ValueError(f"its label file has {member.file_size:,} bytes")
                    return archive.read(member)
    return None


class _Table:
    """A table of a flatbuffer, whose fields are read by their numbers in the schema."""

    def __init__(self, table: Any) -> None:
        self._table = table

    @classmethod
    def root(cls, data: bytes) -> _Table:
        from flatbuffers import encode, number_types, table

        return cls(table.Table(data, encode.Get(number_types.UOffsetTFlags.packer_type, data, 0)))

    def _offset(self, field: int) -> int:
        """Return where a field is, relative to the table; 0 where it is left out."""
        return int(self._table.Offset(4 + 2 * field))

    def byte(self, field: int) -> int:
        offset = self._offset(field)
        return int(self._table.Bytes[self._table.Pos + offset]) if offset else 0

    def text(self, field: int) -> str:
        offset = self._offset(field)
        return bytes(self._table.String(self._table.Pos + offset)).decode("utf-8") if offset else ""

    def table(self, field: int) -> _Table | None:
        from flatbuffers import table

        offset = self._offset(field)
        if not offset:
            return None
        return _Table(table.Table(self._table.Bytes, self._table.Indirect(self._table.Pos + offset)))

    def tables(self, field: int) -> Iterator[_Table]:
        from flatbuffers import table

        if offset := self._offset(field):
            start = self._table.Vector(offset)
            for index in range(self._table.VectorLen(offset)):
                yield _Table(table.Table(self._table.Bytes, self._table.Indirect(start + 4 * index)))

    def floats(self, field: int) -> tuple[float, ...]:
        import numpy as np

        offset = self._offset(field)
        if not offset:
            return ()
        start, count = self._table.Vector(offset), self._table.VectorLen(offset)
        return tuple(np.frombuffer(self._table.Bytes, "<f4", count, start).tolist())
