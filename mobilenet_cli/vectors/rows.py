"""Embeddings ⇄ lines of JSON: what `-o FILE.jsonl` holds, and what every FILE.part holds while a run lasts.

The vector is a list of numbers, or in a FILE.part on its way to another format the Base64 of its bytes, which
is shorter and a hundred times as fast to write.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.files.earlier_rows import Row
from mobilenet_cli.json_lines import encoded, whole_lines
from mobilenet_cli.records import Embedding
from mobilenet_cli.text import printable, valid_utf8

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKED_TYPE = "<f4"
_PACKED_VECTOR = b', "vector": "'


@dataclass(frozen=True, slots=True)
class Shape:
    """What all Embeddings of a run have in common.

    Attributes:
        features: How many numbers a vector has.
        model: The model's name.
    """

    features: int
    model: str


class Rows:
    """The Embeddings in a file of lines, read from its start each time that they are asked for."""

    def __init__(self, file: Path, shape: Shape) -> None:
        self._file = file
        self.shape = shape

    def batches(self, size: int, *, vectors: bool = True) -> Iterator[list[Embedding]]:
        """Yield them `size` at a time; `vectors`: whether packed vectors are wanted, which take most of the time."""
        with self._file.open("rb") as lines:
            while batch := [from_line(line, vectors=vectors) for line in islice(lines, size)]:
                yield batch


def to_line(embedding: Embedding, *, packed: bool = False) -> bytes:
    """Return an Embedding as a line with an object of its fields, in their order.

    Args:
        embedding: What to write.
        packed: For this package alone: write the exact path, and the vector as Base64 of its little-endian bytes,
            instead of as a list of numbers, each the shortest that is read back as the same float32.
    """
    before = encoded({"path": embedding.path, "status": embedding.status}, exact=packed)
    after = encoded(
        {
            "error": embedding.error,
            "width": embedding.width,
            "height": embedding.height,
            "model": embedding.model,
        },
        exact=packed,
    )
    return b'%s, "vector": %s, %s\n' % (before[:-1], _vector(embedding.vector, packed), after[1:])


def _vector(vector: NDArray[np.float32] | None, packed: bool) -> bytes:
    if vector is None:
        return b"null"
    if packed:
        return b'"%s"' % base64.b64encode(vector.astype(_PACKED_TYPE).tobytes())
    # NumPy's conversion to bytes gives the shortest digits of a float32; json would give those of a float64.
    return b"[%s]" % b", ".join(vector.astype("S").tolist())


def from_line(line: bytes, *, vectors: bool = True) -> Embedding:
    """Return the Embedding of a line, packed or not.

    Args:
        line: What `to_line` made.
        vectors: Whether a packed vector is wanted; where not, there is none.

    Raises:
        ValueError: The line is no such object.
    """
    import numpy as np

    # A packed vector is cut out of the line before the rest is parsed, which is much faster. Within a string,
    # JSON has a backslash before each quotation mark, so a path cannot be taken for one.
    before, mark, rest = line.partition(_PACKED_VECTOR)
    vector, _, after = rest.partition(b'"')
    try:
        fields = json.loads(before + (b', "vector": null' if mark else b"") + after)
        if fields["vector"] is not None:
            fields["vector"] = np.array(fields["vector"], np.float32)
        if mark and vectors:
            fields["vector"] = np.frombuffer(base64.b64decode(vector, validate=True), _PACKED_TYPE)
        return Embedding(**fields)
    except (TypeError, KeyError) as error:
        raise ValueError(f"other fields than an embedding's: {error}") from error


def read_rows(stream: BinaryIO, shape: Shape, *, packed: bool) -> Iterator[Row]:
    """Yield where the lines of a document are, without a torn last one.

    Args:
        stream: At the start of the document.
        shape: What its Embeddings are to be like.
        packed: How their vectors are to be written.

    Raises:
        ValueError: It has other lines, or Embeddings of another shape; the message says why, for a sentence
            that begins with the file's name.
    """
    for number, line, begin in whole_lines(stream, "vectors"):
        try:
            embedding = from_line(line)
        except ValueError as error:
            raise ValueError(f"its line {number:,} is damaged ({error})") from error
        check(embedding, shape)
        if embedding.vector is not None and packed != (_PACKED_VECTOR in line):
            raise ValueError(f"its line {number:,} has a vector as another format writes it")
        yield Row(embedding.path, embedding.status == "ok", 0, embedding.model, begin, begin + len(line))


def check(embedding: Embedding, shape: Shape) -> None:
    """Raise a ValueError if an Embedding has a vector that is not by the model or not as long as `shape` says."""
    if embedding.vector is None:
        return
    if valid_utf8(embedding.model) != valid_utf8(shape.model):  # as Parquet has it
        raise ValueError(f"its vectors are by the model {printable(embedding.model)}, not {printable(shape.model)}")
    if embedding.vector.shape != (shape.features,):
        raise ValueError(f"its vectors have {embedding.vector.size:,} numbers, not {shape.features:,}")
