"""An archive that is not opened where it is named, but by whoever handles it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mobilenet_cli.inputs.archives import find_in_archive

if TYPE_CHECKING:
    from mobilenet_cli.inputs.walk import Rules
    from mobilenet_cli.records import Source


@dataclass(frozen=True, slots=True)
class WholeArchive:
    """The Content of a Source that stands for all images in an archive.

    Attributes:
        path: The archive's path or URL.
        rules: Which of its members are wanted.
    """

    path: str
    rules: Rules

    @classmethod
    def of(cls, path: str, rules: Rules) -> WholeArchive:
        """Return an archive that is opened later, maybe on another machine: what it leaves out is not counted."""
        return cls(path, replace(rules, archives="any", left_out=None))

    def sources(self) -> Iterator[Source]:
        """Yield the images in it, as `find_in_archive` does."""
        return find_in_archive(self.path, self.rules)

    def read(self) -> bytes:
        """Raise: it is no image."""
        raise NotImplementedError
