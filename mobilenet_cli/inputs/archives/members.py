"""A member of an archive that is named by itself, as rows name it: `photos.zip/a/b.jpg`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.inputs.archives import find_in_archive, is_archive
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    from mobilenet_cli.inputs.walk import Rules


def archive_of(path: str) -> str | None:
    """Return the file of this machine that a path leads into, if it is an archive's by its ending."""
    for end, letter in enumerate(path):
        if letter in "/#" and is_archive(path[:end]) and Path(path[:end]).is_file():
            return path[:end]
    return None


class Members:
    """The images in the archive that was asked for last: a list names many of one archive in a row.

    Args:
        rules: Which members there are.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = replace(rules, archives="in_place", left_out=None)
        self._archive: str | None = None
        self._found: dict[str, Source] = {}

    def find(self, path: str) -> Source | None:
        """Return the Source of a member, with an error where it cannot be read by itself; None for another path."""
        archive = archive_of(path)
        if archive is None:
            return None
        if archive != self._archive:
            self._archive = archive
            self._found = {source.path: source for source in find_in_archive(archive, self._rules)}
        if (found := self._found.get(path)) is not None:
            return found
        failure = self._found.get(archive)
        return Source(path, error="the archive has no such image" if failure is None else failure.error)
