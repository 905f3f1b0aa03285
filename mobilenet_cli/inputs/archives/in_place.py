"""Files of this machine whose members are read where they lie, later and by other threads than found them."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass

from mobilenet_cli.errors import ImageError


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when its members were found: what differs later is another file."""

    inode: int
    size: int
    changed: int

    @classmethod
    def of(cls, descriptor: int) -> FileState:
        """Return the state of an open file."""
        stat = os.fstat(descriptor)
        return cls(stat.st_ino, stat.st_size, stat.st_mtime_ns)


def reopened(path: str, unchanged: FileState) -> io.FileIO:
    """Open a file again, for one member: an open file for each archive of a run would be too many.

    Raises:
        ImageError: The file was changed since its members were found.
        OSError: It cannot be opened.
    """
    file = io.FileIO(path)
    if FileState.of(file.fileno()) != unchanged:
        file.close()
        raise ImageError("the archive was changed while it was read")
    return file
