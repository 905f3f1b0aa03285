"""Files of a folder that are left out: an extra is not installed, or they are archives, or of other types."""

from __future__ import annotations

import os
from collections import Counter

from mobilenet_cli.images.formats import EXTRAS, Extra
from mobilenet_cli.machine.extras import install_command
from mobilenet_cli.text import counted, printable

_MOST_TYPES = 4
# An image's sidecar; what a run is writing, its options, and what it has in hand.
_NOT_MISSED = (".xmp", ".part", ".meta", ".hand")


class LeftOut:
    """How many files were left out for each extra, how many archives, and how many files of each other type."""

    def __init__(self) -> None:
        self._files: Counter[Extra] = Counter()
        self._archives = 0
        self._others: Counter[str] = Counter()
        self._spellings: dict[str, str] = {}

    def add(self, extra: Extra) -> None:
        """Count one more file."""
        self._files[extra] += 1

    def add_archive(self) -> None:
        """Count one more archive."""
        self._archives += 1

    def add_other(self, name: str) -> None:
        """Count one more file that is none of the image formats, by its name."""
        ending = os.path.splitext(name)[1]  # noqa: PTH122 - a Path for each file of a folder takes its time
        if ending.lower() not in _NOT_MISSED:
            self._others[ending.lower()] += 1
            if self._spellings.setdefault(ending.lower(), ending) != ending:
                self._spellings[ending.lower()] = ending.lower()

    def others(self) -> list[str]:
        """Return a line on the files of other types, the most frequent first; none where there are none."""
        if not self._others:
            return []
        types = sorted(self._others.items(), key=lambda each: (-each[1], each[0]))
        shown = [f"{count:,} {self._spellings[each] or 'without an ending'}" for each, count in types[:_MOST_TYPES]]
        if more := sum(count for _, count in types[_MOST_TYPES:]):
            shown.append(f"{more:,} more")
        total = self._others.total()
        return [f"{counted(total, 'file')} of other types skipped: {printable(', '.join(shown))}"]

    def lines(self) -> list[str]:
        """Return a line for each extra that is missing: how many files, and what to do; and one for archives."""
        of_archives = f"{counted(self._archives, 'archive')} in folders left out: name them to label the images in them"
        return ([of_archives] if self._archives else []) + [
            f"{counted(count, f'{extra.what} file')} left out: {install_command(extra.name)}"
            for extra in EXTRAS
            if (count := self._files[extra])
        ]
