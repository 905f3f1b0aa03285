"""The names of an image and its companions in their folder: the next free number, the same for all of them."""
# A path stays the string that was typed, and may hold bytes that are no text.
# ruff: noqa: PTH113, PTH114, PTH118, PTH119, PTH122

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from mobilenet_cli.images.formats import IMAGE_ENDINGS
from mobilenet_cli.sorting.companions import SHARED_ENDINGS, Companion, companions_of, with_endings
from mobilenet_cli.sorting.deeds import How
from mobilenet_cli.sorting.folders import Folders
from mobilenet_cli.sorting.transfer import same_content


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one file goes, and how.

    Attributes:
        source: Its absolute path.
        target: Its path below the destination.
        how: As the user chose, but for a companion that has to stay as well: that is copied.
    """

    source: str
    target: str
    how: How


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with an image.

    Attributes:
        folder: The name of its folder.
        target: Its path below the destination.
        is_there: Whether the folder has its content, and that of its companions, under their names already.
        placements: Where its companions go, then where it goes itself; none if it is there.
    """

    folder: str
    target: str
    is_there: bool
    placements: tuple[Placement, ...]


class Planner:
    """Plans against the files that are in the destination and, where nothing is done, against earlier plans."""

    def __init__(self, into: str, how: How, *, dry: bool = False) -> None:
        """Take the destination, which may not exist, and how files get there.

        Args:
            into: An absolute path.
            how: Copy, move or link.
            dry: Whether plans are not carried out, and each is to be remembered for those after it.
        """
        self._into, self._how, self._dry = into, how, dry
        self._folders = Folders(into)
        self._planned: dict[str, str] = {}

    def plan(self, image: str, label: str) -> Plan:
        """Return the plan for the file `image`, an absolute path, in the folder of a label.

        Raises:
            OSError: A file cannot be read.
        """
        folder = self._folders.of(label)
        companions = companions_of(image)
        stem = os.path.splitext(image)[0]
        paths = [*(each.path for each in companions), image]
        for number in count(1):
            name = os.path.basename(stem) + (f" ({number})" if number > 1 else "")
            base = os.path.join(folder, name)
            targets = [base + path[len(stem) :] for path in paths]
            if self._are_there(paths, targets):
                return Plan(folder, targets[-1], True, ())
            has_shared = any(not each.path.startswith(f"{image}.") for each in companions)
            if not any(map(self._is_taken, (*targets, *_relatives(base, has_shared)))):
                break
        hows = [*map(self._how_of, companions), self._how]
        placements = tuple(map(Placement, paths, targets, hows))
        if self._dry:
            self._planned.update((each.target, each.source) for each in placements)
        return Plan(folder, targets[-1], False, placements)

    def _how_of(self, companion: Companion) -> How:
        return "copy" if self._how == "move" and companion.is_needed else self._how

    def _are_there(self, paths: list[str], targets: list[str]) -> bool:
        # The image comes first: it tells most plans apart by its size alone.
        pairs = list(zip(paths, targets, strict=True))
        return all(self._is_there(path, target) for path, target in reversed(pairs))

    def _is_there(self, path: str, target: str) -> bool:
        there = self._planned.get(target) or os.path.join(self._into, target)
        # A link is no second copy: were the file moved away, it would lead nowhere.
        is_file = os.path.isfile(there) and (
            self._how == "link" or target in self._planned or not os.path.islink(there)
        )
        return is_file and same_content(path, there)

    def _is_taken(self, target: str) -> bool:
        return target in self._planned or os.path.lexists(os.path.join(self._into, target))


def _relatives(base: str, has_shared: bool) -> Iterator[str]:
    """Yield the files that another image's companions would be, or would be taken for those of another image."""
    yield from with_endings(base, SHARED_ENDINGS)
    if has_shared:
        yield from with_endings(base, IMAGE_ENDINGS)
