"""Just the paths of the images that have a prediction left, byte for byte: for `xargs` and the like."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mobilenet_cli.records import Result
    from mobilenet_cli.writers.base import Layout


class PathWriter:
    """Writes a path a line, or a path and a NUL byte each, which no file name can hold."""

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self._stream = stream
        self._end = b"\0" if layout.null else b"\n"

    def write(self, result: Result, cells: Sequence[str] = ()) -> None:
        """Write the Result's path, unless the image failed or has no prediction left."""
        del cells
        if result.predictions:
            self._stream.write(os.fsencode(result.path) + self._end)

    def close(self) -> None:
        """Do nothing: a list of paths is complete after each."""
