"""The files of the options that rows were made with: FILE.part.meta while they are in FILE.part, then FILE.meta.

A file of such a name that is none of ours is left alone, and the options are not kept.
"""

from __future__ import annotations

import os
from pathlib import Path

from mobilenet_cli.files.made_with import SUFFIX, MadeWith, decoded, encoded, is_ours


class KeptOptions:
    """The options beside a PartFile's rows.

    Attributes:
        options: What the rows that are written now are made with; None: that is not kept.
        stay: Whether it is kept beside FILE too, once that is complete.
    """

    def __init__(self, part: Path, target: Path) -> None:
        self._of_part, self._of_target = _beside(part), _beside(target)
        self.options: MadeWith | None = None
        self.stay = False
        self._is_written = False

    def earlier(self, *, of_part: bool) -> MadeWith | None:
        """Return what the rows in FILE.part or, without `of_part`, in FILE were made with; None: not known."""
        own = decoded(_read(self._of_part)) if of_part else None
        # A run that was killed while it completed FILE may have moved them there already.
        return own or decoded(_read(self._of_target))

    def write(self) -> None:
        """Have the options there, before the first row is. Raises an OSError."""
        if self._is_written:
            return
        self._is_written = True
        if self.options is None:
            _remove(self._of_part)
        elif _is_free(self._of_part):
            self._of_part.unlink(missing_ok=True)  # or a symbolic link could lead elsewhere
            with self._of_part.open("xb") as stream:
                stream.write(encoded(self.options))

    def discard(self) -> None:
        """Remove those of FILE.part, which has no rows. Raises an OSError."""
        _remove(self._of_part)

    def complete(self) -> None:
        """Move them to where FILE's are, just before FILE.part becomes FILE. Raises an OSError."""
        if self.options is not None and self.stay and _is_free(self._of_target) and self._of_part.exists():
            self._of_part.replace(self._of_target)
        else:
            _remove(self._of_part)
            _remove(self._of_target)


def _beside(file: Path) -> Path:
    return file.with_name(file.name + SUFFIX)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _is_free(file: Path) -> bool:
    """Return whether no other program's file has the name."""
    data = _read(file)
    return not os.path.lexists(file) if data is None else is_ours(data)


def _remove(file: Path) -> None:
    if _is_free(file):
        file.unlink(missing_ok=True)
