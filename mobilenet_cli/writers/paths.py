"""Just the paths of the images that were searched for or have a prediction left, byte for byte: for `xargs`.

On a terminal, as `ls` does it, what a terminal would obey is shown by its code instead.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mobilenet_cli.text import printable
from mobilenet_cli.writers.base import ResultWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mobilenet_cli.records import Result


class PathWriter(ResultWriter):
    """Writes a path a line, or a path and a NUL byte each, which no file name can hold."""

    def write(self, record: Result, cells: Sequence[str] = ()) -> None:
        """Write the Result's path, unless the image failed, or has no prediction left and was not searched for."""
        del cells
        if record.predictions or (self._options.selected and record.status == "ok"):
            path = printable(record.path).encode() if self._stream.isatty() else os.fsencode(record.path)
            self._stream.write(path + (b"\0" if self._options.null else b"\n"))
