"""TFLite metadata, written as tflite-support's metadata writers do: the normalisation of the input, and the labels.

Source: metadata_schema.fbs of tflite-support.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_NORMALIZATION, _LABELS_OF_AXIS = 1, 2


def with_metadata(model: bytes, mean: float, std: float, labels: tuple[str, ...]) -> bytes:
    """Return a .tflite file with metadata: it takes (pixel − mean) / std, of pixels from 0 to 255.

    Args:
        model: The file.
        mean: Of all channels.
        std: Of all channels.
        labels: The label of each class.
    """
    edited = schema.ModelT.InitFromPackedBuf(model, 0)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(_metadata(mean, std), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"TFLITE_METADATA", len(edited.buffers)
    edited.buffers.append(buffer)
    edited.metadata = [*(edited.metadata or []), entry]
    builder = flatbuffers.Builder(len(model) + 4096)
    builder.Finish(edited.Pack(builder), b"TFL3")
    out = io.BytesIO(bytes(builder.Output()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("labels.txt", "".join(f"{label}\n" for label in labels))
    return out.getvalue()


def _metadata(mean: float, std: float) -> bytes:
    builder = flatbuffers.Builder(1024)
    means, stds = _floats(builder, mean), _floats(builder, std)
    options = _table(builder, 2, {0: means, 1: stds})
    unit = _table(builder, 2, {1: options}, {0: _NORMALIZATION})
    taken = _table(builder, 7, {0: builder.CreateString("image"), 4: _vector(builder, unit)})
    file = _table(builder, 5, {0: builder.CreateString("labels.txt")}, {2: _LABELS_OF_AXIS})
    made = _table(builder, 7, {0: builder.CreateString("probability"), 6: _vector(builder, file)})
    graph = _table(builder, 5, {2: _vector(builder, taken), 3: _vector(builder, made)})
    root = _table(builder, 8, {0: builder.CreateString("ImageClassifier"), 3: _vector(builder, graph)})
    builder.Finish(root, b"M001")
    return bytes(builder.Output())


def _floats(builder: Any, number: float) -> int:
    builder.StartVector(4, 1, 4)
    builder.PrependFloat32(number)
    return int(builder.EndVector())


def _vector(builder: Any, offset: int) -> int:
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _table(builder: Any, fields: int, offsets: dict[int, int], bytes_: dict[int, int] | None = None) -> int:
    builder.StartObject(fields)
    for field, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(field, offset, 0)
    for field, value in (bytes_ or {}).items():
        builder.PrependUint8Slot(field, value, 0)
    return int(builder.EndObject())
