"""The files that go where an image goes: its sidecars, its edits and the video of a live photo.

`IMG.jpg.xmp` belongs to one file. `IMG.xmp`, `IMG.mov`, `IMG.mp4` and `IMG.aae` belong to every image or raw file
called `IMG`.
"""
# A path stays the string that was typed, and may hold bytes that are no text.
# ruff: noqa: PTH122

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from mobilenet_cli.images.formats import IMAGE_ENDINGS
from mobilenet_cli.machine.paths import same_file

SHARED_ENDINGS = (".xmp", ".mov", ".mp4", ".aae")
_RAW_ENDINGS = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mrw", ".nef", ".nrw", ".orf"),
    *(".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
)


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that goes with an image.

    Attributes:
        path: Its path.
        is_needed: Whether another image or raw file of that name needs it too, so that it has to stay as well.
    """

    path: str
    is_needed: bool


def companions_of(image: str) -> list[Companion]:
    """Return the companions of the file `image` that are regular files, each once."""
    stem = os.path.splitext(image)[0]
    found = [image]
    shared = list(_regular(with_endings(stem, SHARED_ENDINGS), found))
    own = list(_regular((path for each in (image, *shared) for path in with_endings(each, (".xmp",))), found))
    is_needed = bool(shared) and any(
        os.path.lexists(other) and not same_file(other, image)
        for other in with_endings(stem, (*IMAGE_ENDINGS, *_RAW_ENDINGS))
    )
    of_shared = tuple(f"{path}." for path in shared)
    return [
        *(Companion(path, is_needed) for path in shared),
        *(Companion(path, is_needed and path.startswith(of_shared)) for path in own),
    ]


def with_endings(stem: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Yield `stem` with each of the endings, in lower and in upper case."""
    for ending in endings:
        yield stem + ending
        yield stem + ending.upper()


def _regular(paths: Iterator[str], found: list[str]) -> Iterator[str]:
    """Yield those of the paths that are regular files and not among those found, and add them there."""
    for path in paths:
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            continue
        # Where the file system ignores case, both endings are the same file.
        if stat.S_ISREG(mode) and not any(same_file(path, other) for other in found):
            found.append(path)
            yield path
