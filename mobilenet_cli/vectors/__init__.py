"""Embeddings → files of vectors. FORMATS is the one table of formats: for the CLI's choices and file endings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO

from mobilenet_cli.errors import InputError
from mobilenet_cli.records import Embedding
from mobilenet_cli.vectors import npz, parquet
from mobilenet_cli.vectors.rows import Rows, Shape
from mobilenet_cli.writers.text import printable

__all__ = ["FORMATS", "Codec", "Format", "Rows", "Shape", "format_of"]


@dataclass(frozen=True, slots=True)
class Codec:
    """How rows become a document that is no lines, once they are all there, and how they come back.

    Attributes:
        write: Writes the document. Raises what the stream raises.
        read: Reads it. Raises a ValueError if it is none; the message is for after a file's name and "it".
        check_installed: Raises an OutputError if a package that this needs is not installed.
    """

    write: Callable[[Rows, BinaryIO], None]
    read: Callable[[BinaryIO], Iterator[Embedding]]
    check_installed: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write Embeddings.

    Attributes:
        name: What the user calls it (`--format NAME`).
        endings: The endings of file names that mean it, lower case and with the dot.
        description: A few words for the help.
        codec: Makes the document of its rows, at the end; None where the rows are the document.
    """

    name: str
    endings: tuple[str, ...]
    description: str
    codec: Codec | None = None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("jsonl", (".jsonl", ".ndjson"), "one object a line"),
            Format("npz", (".npz",), "NumPy's arrays", Codec(npz.write, npz.read)),
            Format(
                "parquet",
                (".parquet",),
                "a table of columns",
                Codec(parquet.write, parquet.read, parquet.check_installed),
            ),
        )
    }
)


def format_of(path: str) -> Format:
    """Return the Format that the ending of the file name `path` means, in upper or lower case.

    Raises:
        InputError: The ending means none; the message lists those that do.
    """
    for each in FORMATS.values():
        if path.lower().endswith(each.endings):
            return each
    known = ", ".join(ending for each in FORMATS.values() for ending in each.endings)
    raise InputError(
        f"{printable(path)}: cannot tell the format of the vectors from the file's ending. "
        f"Use one of {known}, or name the format with --format."
    )
