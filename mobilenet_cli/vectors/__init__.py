"""Embeddings → files of vectors. FORMATS is the one table of formats: for the CLI's choices and file endings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mobilenet_cli.files.endings import by_ending
from mobilenet_cli.machine.extras import check_pyarrow
from mobilenet_cli.records import Embedding
from mobilenet_cli.vectors import npz, parquet
from mobilenet_cli.vectors.rows import Rows, Shape
from mobilenet_cli.writers.codec import Codec

__all__ = ["FORMATS", "Format", "Shape", "format_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write Embeddings.

    Attributes:
        name: What the user calls it (`--format NAME`).
        endings: The endings of file names that mean it, lower case and with the dot.
        codec: Makes the document of its rows, at the end; None where the rows are the document.
    """

    name: str
    endings: tuple[str, ...]
    codec: Codec[Rows, Embedding] | None = None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("jsonl", (".jsonl", ".ndjson")),
            Format("npz", (".npz",), Codec(npz.write, npz.read)),
            Format("parquet", (".parquet",), Codec(parquet.write, parquet.read, check_pyarrow)),
        )
    }
)


def format_of(path: str) -> Format:
    """Return the Format that the ending of the file name `path` means. Raises InputError where it means none."""
    return by_ending(path, FORMATS, "the format of the vectors")
