"""Embeddings ⇄ lines of JSON: the content of `-o FILE.jsonl`, and of every FILE.part while a run lasts.

The vector is a list of numbers. In a FILE.part on its way to another format it is packed: the Base64 of its
bytes, which is shorter and a hundred times as fast to write.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mobilenet_cli.files.format import Row, Writer
from mobilenet_cli.json_lines import encoded, whole_lines
from mobilenet_cli.records import Embedding
from mobilenet_cli.text import is_same_model, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKED_TYPE = "<f4"
_PACKED_VECTOR = b', "vector": "'


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties that all Embeddings of a run share.

    Attributes:
        features: How many numbers a vector has.
        model: The name of the model that makes them.
    """

    features: int
    model: str

    @property
    def keeps_others(self) -> bool:
        """Whether `--resume` keeps rows of images that are no longer among the sources."""
        return True


class LinesWriter(Writer[Embedding, Shape]):
    """Writes one object a line."""

    packed = False
    """Whether vectors are packed and paths exact, for this package alone."""

    def write(self, record: Embedding, cells: Sequence[str] = ()) -> None:
        """Write one Embedding as a line."""
        del cells
        self._stream.write(to_line(record, packed=self.packed))


class PackedLinesWriter(LinesWriter):
    """Writes the lines that a Conversion makes a file of."""

    packed = True


def batches(lines: Path, size: int, *, vectors: bool = True) -> Iterator[list[Embedding]]:
    """Yield the Embeddings in a file of lines, `size` at a time.

    Args:
        lines: The file.
        size: How many at a time.
        vectors: Whether packed vectors are wanted, which take most of the time; without, there are none.
    """
    with lines.open("rb") as stream:
        while batch := [from_line(line, vectors=vectors) for line in islice(stream, size)]:
            yield batch


def to_line(embedding: Embedding, *, packed: bool = False) -> bytes:
    """Return an Embedding as a line with an object of its fields, in their order.

    Args:
        embedding: The Embedding.
        packed: For this package alone: write the exact path, and the vector as Base64 of its little-endian bytes,
            instead of as a list of numbers, each the shortest that is read back as the same float32.
    """
    before = encoded({"path": embedding.path, "status": embedding.status}, exact=packed)
    after = encoded(
        {
            "error": embedding.error,
            "warning": embedding.warning,
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
        line: A line that `to_line` made.
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
        return Embedding(**({"warning": None} | fields))  # lines of earlier versions have none
    except (TypeError, KeyError) as error:
        raise ValueError(f"other fields than an embedding's: {error}") from error


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Yield the rows of a LinesWriter's document. See `Format.rows`."""
    return _rows(stream, shape, LinesWriter.packed)


def packed_rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Yield the rows of a PackedLinesWriter's document. See `Format.rows`."""
    return _rows(stream, shape, PackedLinesWriter.packed)


def _rows(stream: BinaryIO, shape: Shape, packed: bool) -> Iterator[Row]:
    for number, line, begin in whole_lines(stream, "vectors"):
        try:
            embedding = from_line(line)
        except ValueError as error:
            raise ValueError(f"its line {number:,} is damaged ({error})") from error
        _check(embedding, shape)
        if embedding.vector is not None and packed != (_PACKED_VECTOR in line):
            raise ValueError(f"its line {number:,} has a vector as another format writes it")
        yield Row(embedding.path, embedding.status == "ok", begin, begin + len(line))


def packed_lines(embeddings: Iterable[Embedding], shape: Shape) -> Iterator[bytes]:
    """Yield the lines that a PackedLinesWriter would write of the Embeddings of a file.

    Raises:
        ValueError: One is not of this shape. See `Conversion.read`.
    """
    for embedding in embeddings:
        _check(embedding, shape)
        yield to_line(embedding, packed=True)


def _check(embedding: Embedding, shape: Shape) -> None:
    """Raise a ValueError if an Embedding has a vector of another model or of another length than `shape` says."""
    if embedding.vector is None:
        return
    if not is_same_model(embedding.model, shape.model):
        raise ValueError(f"its vectors are by the model {printable(embedding.model)}, not {printable(shape.model)}")
    if embedding.vector.shape != (shape.features,):
        raise ValueError(f"its vectors have {embedding.vector.size:,} numbers, not {shape.features:,}")
