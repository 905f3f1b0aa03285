"""Embeddings ⇄ a .npz that `numpy.load` reads without pickle, and that need not fit in memory.

Each array goes into the zip file piece by piece, and its header, which says how long it is, comes first: so
one pass over the rows measures them, and then each of the large arrays has a pass of its own. Of a row nine
bytes are kept in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from mobilenet_cli.records import Embedding
from mobilenet_cli.vectors.rows import batches, packed_lines

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile

    from numpy.typing import NDArray

    from mobilenet_cli.vectors.rows import Shape

_BATCH = 64


def write(lines: Path, stream: BinaryIO, shape: Shape) -> None:
    """Write the arrays, in the order of the rows.

    - `paths`: str [N]
    - `vectors`: float32 [N, features]; NaN in the rows of images that failed
    - `status`: str [N], "ok" or "error"
    - `errors`, `warnings`: str [N], "" where there is none
    - `widths`, `heights`: int32 [N], in pixels; 0 where they are not known
    - `model`: str [], the model's name

    Args:
        lines: The lines of a PackedLinesWriter.
        stream: Open for writing, seekable.
        shape: The shape of the Embeddings.
    """
    from zipfile import ZipFile

    import numpy as np

    facts = _Facts(lines)
    count, features = len(facts.ok), shape.features
    missing = np.full(features, np.nan, np.float32)

    def vectors() -> Iterator[NDArray[Any]]:
        for batch in batches(lines, _BATCH):
            yield np.stack([missing if each.vector is None else each.vector for each in batch]).astype("<f4")

    def texts(value: Callable[[Embedding], str], dtype: str) -> Iterator[NDArray[Any]]:
        for batch in batches(lines, _BATCH, vectors=False):
            yield np.array([value(each) for each in batch], dtype)

    with ZipFile(stream, "w") as archive:
        dtype = _text_type(facts.longest_path)
        _put(archive, "paths", dtype, (count,), texts(lambda each: each.path, dtype))
        _put(archive, "vectors", "<f4", (count, features), vectors())
        status = np.where(np.frombuffer(facts.ok, np.bool_), "ok", "error")
        _put(archive, "status", _text_type(len("error")), (count,), [status])
        dtype = _text_type(facts.longest_error)
        _put(archive, "errors", dtype, (count,), texts(lambda each: each.error or "", dtype))
        dtype = _text_type(facts.longest_warning)
        _put(archive, "warnings", dtype, (count,), texts(lambda each: each.warning or "", dtype))
        for name, numbers in (("widths", facts.widths), ("heights", facts.heights)):
            _put(archive, name, "<i4", (count,), [np.frombuffer(numbers, np.int32)])
        _put(archive, "model", _text_type(len(shape.model)), (), [np.array(shape.model)])


def read(stream: BinaryIO, shape: Shape) -> Iterator[bytes]:
    """Yield the lines that the arrays were made of. See `Conversion.read`."""
    return packed_lines(_embeddings(stream), shape)


def _embeddings(stream: BinaryIO) -> Iterator[Embedding]:
    """Yield the Embeddings of a file that `write` made.

    Raises:
        ValueError: It is another file, or damaged.
    """
    from zipfile import BadZipFile, ZipFile
    from zlib import error as DeflateError  # noqa: N812

    try:
        with ZipFile(stream) as archive, ExitStack() as stack:

            def column(name: str) -> _Column:
                return _Column(stack.enter_context(archive.open(f"{name}.npy")))

            (model,) = column("model").next(1)
            vectors = column("vectors")
            others = [column(name) for name in ("paths", "status", "errors", "widths", "heights")]
            warnings = column("warnings") if "warnings.npy" in archive.namelist() else None  # of earlier versions
            for begin in range(0, vectors.rows, _BATCH):
                size = min(_BATCH, vectors.rows - begin)
                columns = (each.next(size).tolist() for each in others)
                said = warnings.next(size).tolist() if warnings else [""] * size
                for vector, warning, path, status, error, width, height in zip(
                    vectors.next(size), said, *columns, strict=True
                ):
                    yield Embedding(
                        path,
                        status,
                        vector if status == "ok" else None,
                        error or None,
                        warning or None,
                        width or None,
                        height or None,
                        str(model),
                    )
    except (BadZipFile, DeflateError, KeyError, ValueError) as error:
        raise ValueError(f"it is not a .npz of mnclassify's vectors ({error})") from error


class _Column:
    """An array in the zip file, read from its start."""

    def __init__(self, member: IO[bytes]) -> None:
        from numpy.lib import format as npy

        self._member = member
        npy.read_magic(member)
        self._shape, _, self._dtype = npy.read_array_header_2_0(member)
        self.rows = self._shape[0] if self._shape else 1

    def next(self, count: int) -> NDArray[Any]:
        """Return the next `count` rows."""
        import numpy as np

        shape = (count, *self._shape[1:])
        data = self._member.read(int(np.prod(shape)) * self._dtype.itemsize)
        return np.frombuffer(data, self._dtype).reshape(shape)


class _Facts:
    """The facts about the rows that are needed before an array is written, and the fields small enough to keep."""

    def __init__(self, lines: Path) -> None:
        self.ok = bytearray()
        self.widths, self.heights = array("i"), array("i")
        self.longest_path = self.longest_error = self.longest_warning = 0
        for each in chain.from_iterable(batches(lines, _BATCH, vectors=False)):
            self.ok.append(each.status == "ok")
            self.widths.append(each.width or 0)
            self.heights.append(each.height or 0)
            self.longest_path = max(self.longest_path, len(each.path))
            self.longest_error = max(self.longest_error, len(each.error or ""))
            self.longest_warning = max(self.longest_warning, len(each.warning or ""))


def _text_type(longest: int) -> str:
    return f"<U{max(longest, 1)}"


def _put(archive: ZipFile, name: str, dtype: str, shape: tuple[int, ...], pieces: Iterable[NDArray[Any]]) -> None:
    from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

    from numpy.lib import format as npy

    # A ZipInfo of its own has a fixed date: equal vectors make equal files.
    entry = ZipInfo(f"{name}.npy")
    # Text is four bytes a character, most of them zero; features are noise to a compressor.
    entry.compress_type = ZIP_STORED if dtype == "<f4" else ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with archive.open(entry, "w", force_zip64=True) as member:
        npy.write_array_header_2_0(member, {"descr": dtype, "fortran_order": False, "shape": shape})
        for piece in pieces:
            member.write(piece.astype(dtype, copy=False).tobytes())
