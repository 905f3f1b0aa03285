"""Replacing tensors in TensorFlow's checkpoint files without TensorFlow.

The format is TensorFlow's "tensor bundle" (tensorflow/core/util/tensor_bundle): data files with the tensors' bytes,
and an index in LevelDB's sorted table format (github.com/google/leveldb, doc/table_format.md), which maps each
tensor's name to a BundleEntryProto and "" to a BundleHeaderProto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.tensorflow_files.protos import Protos

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_UNCOMPRESSED = b"\0"
_DAMAGED = "the checkpoint's index is damaged"


class Bundle:
    """The index of a checkpoint.

    Attributes:
        entries: The BundleEntryProto of each tensor, by name.
    """

    def __init__(self, prefix: Path, protos: Protos) -> None:
        """Read the index of the checkpoint whose files begin with `prefix`.

        Raises:
            ModelError: The index is damaged.
        """
        self._prefix = prefix
        rows = dict(_rows(prefix.with_name(f"{prefix.name}.index").read_bytes()))
        if b"" not in rows:
            raise ModelError(_DAMAGED)
        self._header = protos.parsed("BundleHeaderProto", rows.pop(b""))
        self.entries: dict[str, Any] = {
            name.decode(): protos.parsed("BundleEntryProto", row) for name, row in rows.items()
        }

    def write(self, prefix: Path, tensors: Mapping[str, NDArray[np.float32]]) -> None:
        """Write the checkpoint with some tensors replaced to files that begin with `prefix`.

        The new tensors go to an additional data file; the existing data files are copied unchanged.

        Args:
            prefix: Must differ from the prefix that the checkpoint was read from.
            tensors: New float32 tensors by name. Their sizes may change, their numbers of dimensions may not.
        """
        before: int = self._header.num_shards
        for shard in range(before):
            _data_file(prefix, shard, before + 1).write_bytes(_data_file(self._prefix, shard, before).read_bytes())
        data = bytearray()
        for name, tensor in tensors.items():
            entry, content = self.entries[name], tensor.astype("<f4").tobytes()
            for dimension, size in zip(entry.shape.dim, tensor.shape, strict=True):
                dimension.size = size
            entry.shard_id, entry.offset, entry.size = before, len(data), len(content)
            entry.crc32c = masked_crc32c(content)
            data += content
        _data_file(prefix, before, before + 1).write_bytes(data)
        self._header.num_shards = before + 1
        rows = {"": self._header, **self.entries}
        table = _table([(name.encode(), rows[name].SerializeToString()) for name in sorted(rows, key=str.encode)])
        prefix.with_name(f"{prefix.name}.index").write_bytes(table)


def masked_crc32c(content: bytes) -> int:
    """Return the CRC-32C as LevelDB, tensor bundles and TFRecords store it: rotated, plus a constant."""
    crc = _crc32c(content)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _crc32c(content: bytes) -> int:
    """Return the CRC-32C (Castagnoli: RFC 3720, appendix B.4)."""
    crc, table = 0xFFFFFFFF, _crc32c_table()
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


@cache
def _crc32c_table() -> tuple[int, ...]:
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)  # noqa: PLW2901 - a shift register
        table.append(crc)
    return tuple(table)


def _data_file(prefix: Path, shard: int, shards: int) -> Path:
    return prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-{shards:05d}")


def _rows(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a table."""
    try:
        if struct.unpack("<Q", table[-8:]) != (_MAGIC,):
            raise ModelError(_DAMAGED)
        _, _, end = _handle(table, len(table) - _FOOTER)  # skip the handle of the meta index
        start, size, _ = _handle(table, end)
        for _, handle in _entries(table, start, size):
            yield from _entries(table, *_handle(handle, 0)[:2])
    except (IndexError, struct.error) as error:
        raise ModelError(_DAMAGED) from error


def _entries(table: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block, in which keys share prefixes with the ones before them."""
    if table[start + size : start + size + 1] != _UNCOMPRESSED:
        raise ModelError("the checkpoint's index is compressed, which is not supported")
    (restarts,) = struct.unpack_from("<I", table, start + size - 4)
    position, end, key = start, start + size - 4 * (restarts + 1), b""
    while position < end:
        shared, position = _number(table, position)
        added, position = _number(table, position)
        length, position = _number(table, position)
        key = key[:shared] + table[position : position + added]
        yield key, table[position + added : position + added + length]
        position += added + length


def _handle(content: bytes, position: int) -> tuple[int, int, int]:
    start, position = _number(content, position)
    size, position = _number(content, position)
    return start, size, position


def _number(content: bytes, position: int) -> tuple[int, int]:
    """Return the varint at a position and the position after it."""
    value = shift = 0
    while True:
        byte = content[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def varint(value: int) -> bytes:
    """Return a number, 0 or more, as LevelDB and protocol buffers encode it: seven bits per byte, the lowest first."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _table(rows: list[tuple[bytes, bytes]]) -> bytes:
    """Return a table with a single block, since an index is small."""
    table = bytearray()
    handles = []
    for block in (_block(rows), _block([])):  # the rows and an empty meta index
        handles.append(varint(len(table)) + varint(len(block)))
        table += _sealed(block)
    index = _block([(rows[-1][0], handles[0])])
    handles.append(varint(len(table)) + varint(len(index)))
    table += _sealed(index)
    return bytes(table + (handles[1] + handles[2]).ljust(_FOOTER - 8, b"\0") + struct.pack("<Q", _MAGIC))


def _block(rows: list[tuple[bytes, bytes]]) -> bytes:
    content, restarts = bytearray(), []
    for key, value in rows:
        restarts.append(len(content))
        content += varint(0) + varint(len(key)) + varint(len(value)) + key + value
    restarts = restarts or [0]
    return bytes(content) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def _sealed(block: bytes) -> bytes:
    return block + _UNCOMPRESSED + struct.pack("<I", masked_crc32c(block + _UNCOMPRESSED))
