"""TensorBoard's event files, without TensorFlow.

The format: records of length, masked CRC-32C of the length, content, masked CRC-32C of the content (TFRecord,
tensorflow/core/lib/io/record_writer.h), each content a protocol buffer: an Event (tensorflow/core/util/event.proto)
with a Summary (tensorflow/core/framework/summary.proto), whose fields are those numbered here.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path

from mobilenet_cli.errors import OutputError
from mobilenet_cli.tensorflow_files.tensor_bundle import masked_crc32c, varint
from mobilenet_cli.text import printable

_VERSION = b"brain.Event:2"
_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY = 1, 2, 3, 5  # of an Event
_VALUE = 1  # of a Summary
_TAG, _SIMPLE_VALUE = 1, 2  # of a Summary's Value
_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5  # how a field is encoded


class Summaries:
    """Series of numbers that TensorBoard shows, each number as soon as it is added."""

    def __init__(self, folder: str) -> None:
        """Write to a folder, which gets a folder a run."""
        self._folder = folder
        self._file = f"events.out.tfevents.{time.time():.6f}.{os.uname().nodename}.{os.getpid()}"

    def add(self, run: str, step: int, scalars: Mapping[str, float]) -> None:
        """Add a step.

        Args:
            run: Whose: "validation".
            step: Its number, from 0.
            scalars: The value of each tag ("loss").

        Raises:
            OutputError: It cannot be written.
        """
        try:
            place = Path(self._folder, run)
            place.mkdir(parents=True, exist_ok=True)
            with (place / self._file).open("ab") as stream:
                if not stream.tell():
                    stream.write(_record(_event(_field(_FILE_VERSION, _BYTES, _VERSION))))
                summary = b"".join(_field(_VALUE, _BYTES, _scalar(tag, value)) for tag, value in scalars.items())
                stream.write(_record(_event(_field(_STEP, _VARINT, varint(step)), _field(_SUMMARY, _BYTES, summary))))
        except OSError as error:
            reason = error.strerror or error
            raise OutputError(f"cannot write the summaries to {printable(self._folder)}: {reason}") from error


def _event(*fields: bytes) -> bytes:
    return _field(_WALL_TIME, _DOUBLE, struct.pack("<d", time.time())) + b"".join(fields)


def _scalar(tag: str, value: float) -> bytes:
    return _field(_TAG, _BYTES, tag.encode()) + _field(_SIMPLE_VALUE, _FLOAT, struct.pack("<f", value))


def _field(number: int, encoding: int, content: bytes) -> bytes:
    length = varint(len(content)) if encoding == _BYTES else b""
    return varint(number << 3 | encoding) + length + content


def _record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + _sum(length) + content + _sum(content)


def _sum(content: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(content))
