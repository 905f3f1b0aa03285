"""Writing TensorBoard's event files without TensorFlow.

The file is a sequence of TFRecords (tensorflow/core/lib/io/record_writer.h): length, masked CRC-32C of the length,
content, masked CRC-32C of the content. Each content is an Event (tensorflow/core/util/event.proto) with a Summary
(tensorflow/core/framework/summary.proto). The field numbers below are theirs.
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
_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY = 1, 2, 3, 5  # fields of Event
_VALUE = 1  # field of Summary
_TAG, _SIMPLE_VALUE = 1, 2  # fields of Summary.Value
_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5  # wire types


class Summaries:
    """Series of numbers for TensorBoard, each number written as soon as it is added."""

    def __init__(self, folder: str) -> None:
        """Write to a folder, with one subfolder per run."""
        self._folder = folder
        self._file = f"events.out.tfevents.{time.time():.6f}.{os.uname().nodename}.{os.getpid()}"

    def add(self, run: str, step: int, scalars: Mapping[str, float]) -> None:
        """Append the values of one step.

        Args:
            run: The run's name: "validation".
            step: The step's number, from 0.
            scalars: The value of each tag: "loss".

        Raises:
            OutputError: The file cannot be written.
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
    return length + _checksum(length) + content + _checksum(content)


def _checksum(content: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(content))
