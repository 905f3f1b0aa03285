"""TensorBoard's event files, without TensorFlow.

The format: records of length, masked CRC-32C of the length, content, masked CRC-32C of the content (TFRecord,
tensorflow/core/lib/io/record_writer.h), each content an Event.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.errors import OutputError
from mobilenet_cli.models.tensor_bundle import masked_crc32c
from mobilenet_cli.writers.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.models.tensorflow_protos import Protos


def write_scalars(folder: str, protos: Protos, runs: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Write series of numbers so that TensorBoard shows them.

    Args:
        folder: Gets a folder a run.
        protos: TensorFlow's messages.
        runs: By the run's name ("validation") and the tag ("loss"): the values at step 0, 1, ….

    Raises:
        OutputError: They cannot be written.
    """
    now = time.time()
    for run, tags in runs.items():
        events = [protos.made("Event", wall_time=now, file_version="brain.Event:2")]
        for tag, values in tags.items():
            for step, value in enumerate(values):
                summary = {"value": [{"tag": tag, "simple_value": value}]}
                events.append(protos.made("Event", wall_time=now, step=step, summary=summary))
        try:
            place = Path(folder, run)
            place.mkdir(parents=True, exist_ok=True)
            content = b"".join(_record(event.SerializeToString()) for event in events)
            (place / f"events.out.tfevents.{now:.6f}.{os.uname().nodename}.{os.getpid()}").write_bytes(content)
        except OSError as error:
            reason = error.strerror or error
            raise OutputError(f"cannot write the summaries to {printable(folder)}: {reason}") from error


def _record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + _sum(length) + content + _sum(content)


def _sum(content: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(content))
