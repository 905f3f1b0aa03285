"""Files that are compressed as a whole, decompressed as they are read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.archives import ZSTD, kind_of
from mobilenet_cli.inputs.archives.archive import ArchiveError
from mobilenet_cli.inputs.archives.forward import Counted, Forward

Codec = Literal["gzip", "bz2", "xz", "zstd"]

_MAGIC: tuple[tuple[bytes, Codec], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)


def codec_of(head: bytes, path: str) -> Codec | None:
    """Return what a file is compressed by, as its first bytes say, whatever its name; None if it is not.

    Raises:
        ArchiveError: What decompresses it is not installed.
    """
    codec = next((codec for magic, codec in _MAGIC if head.startswith(magic)), None)
    if codec is None and (kind := kind_of(path)) is not None and kind.library is not None:
        codec = "zstd"  # which may begin with a frame of another magic, that is left out
    if codec == "zstd":
        try:
            ZSTD.check_installed()
        except InputError as error:
            raise ArchiveError(str(error)) from error
    return codec


@contextmanager
def decompressed(file: io.BufferedReader[Any], codec: Codec | None) -> Iterator[Forward]:
    """Open what is in a file, to be read from its beginning to its end."""
    if codec is None:
        yield Forward(file)
        return
    counted = Counted(file)
    if codec == "gzip":
        import gzip

        stream: Any = gzip.GzipFile(fileobj=counted)
    elif codec == "bz2":
        import bz2

        stream = bz2.BZ2File(counted)
    elif codec == "xz":
        import lzma

        stream = lzma.LZMAFile(counted)  # type: ignore[arg-type]  # noqa: SIM115 - entered below
    else:
        import pyarrow as pa

        stream = pa.CompressedInputStream(pa.PythonFile(counted, mode="r"), "zstd")
    with stream:
        yield Forward(stream, counted)
