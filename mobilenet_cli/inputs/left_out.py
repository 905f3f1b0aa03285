"""Files of a folder that are left out because reading them needs an extra that is not installed."""

from __future__ import annotations

from collections import Counter

from mobilenet_cli.images.formats import EXTRAS, Extra
from mobilenet_cli.machine.extras import install_command
from mobilenet_cli.text import counted


class LeftOut:
    """How many files were left out for each extra."""

    def __init__(self) -> None:
        self._files: Counter[Extra] = Counter()

    def add(self, extra: Extra) -> None:
        """Count one more file."""
        self._files[extra] += 1

    def lines(self) -> list[str]:
        """Return a line for each extra that is missing: how many files, and the command that installs it."""
        return [
            f"{counted(count, f'{extra.what} file')} left out: {install_command(extra.name)}"
            for extra in EXTRAS
            if (count := self._files[extra])
        ]
