"""The C libraries that Pillow has loaded, for what it gives no way to ask of them."""

from __future__ import annotations

import contextlib
import ctypes
from functools import cache
from pathlib import Path

import PIL


@cache
def library(name: str) -> ctypes.CDLL | None:
    """Return the library that Pillow itself uses, or None where it is none of its own (it may be linked in).

    Args:
        name: Its name, as "libtiff".
    """
    with contextlib.suppress(OSError):
        return ctypes.CDLL(_path(name))
    return None


def _path(name: str) -> str | None:
    """Return a library's path; None, the process itself, where that is not seen."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            file = line.split(maxsplit=5)[-1]
            if file.startswith("/") and _is(name, Path(file)):
                return file
    package = Path(PIL.__file__).parent
    bundled = [*package.glob(f".dylibs/{name}*"), *package.parent.glob(f"pillow.libs/{name}*")]
    return next((str(file) for file in bundled if _is(name, file)), None)


def _is(name: str, file: Path) -> bool:
    """Whether a file is this library, and not one whose name goes on (libwebpdemux)."""
    return file.name.startswith(name) and not file.name[len(name) : len(name) + 1].isalnum()
