"""Files of a folder that are left out: reading them needs an extra that is not installed, or they are archives."""

from __future__ import annotations

from collections import Counter

from mobilenet_cli.images.formats import EXTRAS, Extra
from mobilenet_cli.machine.extras import install_command
from mobilenet_cli.text import counted


class LeftOut:
    """How many files were left out for each extra, and how many archives."""

    def __init__(self) -> None:
        self._files: Counter[Extra] = Counter()
        self._archives = 0

    def add(self, extra: Extra) -> None:
        """Count one more file."""
        self._files[extra] += 1

    def add_archive(self) -> None:
        """Count one more archive."""
        self._archives += 1

    def lines(self) -> list[str]:
        """Return a line for each extra that is missing: how many files, and what to do; and one for archives."""
        of_archives = f"{counted(self._archives, 'archive')} in folders left out: name them to label the images in them"
        return ([of_archives] if self._archives else []) + [
            f"{counted(count, f'{extra.what} file')} left out: {install_command(extra.name)}"
            for extra in EXTRAS
            if (count := self._files[extra])
        ]
