"""Just the paths of the images that were searched for or have a prediction left, byte for byte: for `xargs`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

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
            self._stream.write(os.fsencode(record.path) + (b"\0" if self._options.null else b"\n"))
