"""Archives for tests, made by the libraries that write them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from colour_engine import IMAGES

MEMBERS = (("a/red.png", "red"), ("a/green.png", "green"), ("blue.PNG", "blue"))
ENTRIES = tuple((name, IMAGES[colour]) for name, colour in MEMBERS)


def tar_bytes(entries: Iterable[tuple[str, bytes] | tarfile.TarInfo] = ENTRIES, mode: str = "w") -> bytes:
    """Return a tar of members, or of members without data."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
            else:
                member = tarfile.TarInfo(entry[0])
                member.size = len(entry[1])
                tar.addfile(member, io.BytesIO(entry[1]))
    return file.getvalue()


def zstd_bytes(data: bytes) -> bytes:
    """Return data compressed by zstd."""
    return pa.compress(data, codec="zstd", asbytes=True)


def zip_bytes(entries: Iterable[tuple[str, bytes]] = ENTRIES, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of members; a name may come twice."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as written:
        for name, data in entries:
            written.writestr(name, data)
    return file.getvalue()


def parquet(file: Path | io.BytesIO, columns: dict[str, pa.Array], **options) -> None:
    """Write a table."""
    pq.write_table(pa.table(columns), file, **options)


def image_structs(values: Iterable[tuple[bytes | None, str | None] | None]) -> pa.Array:
    """Return a column as Hugging Face's data sets have for images."""
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    rows = [None if value is None else {"bytes": value[0], "path": value[1]} for value in values]
    return pa.array(rows, kind)
