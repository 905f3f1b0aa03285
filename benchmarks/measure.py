"""Time and memory of whole processes, as the system reports them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Self


@dataclass(frozen=True)
class Usage:
    """The resources that a process used.

    Attributes:
        wall: Seconds from start to end.
        cpu: Seconds of all its threads on all cores, user and system.
        peak: Greatest resident memory in MiB.
    """

    wall: float
    cpu: float
    peak: float

    @classmethod
    def median(cls, usages: Sequence[Self]) -> Self:
        """Return the median of each measure separately."""
        return cls(*(median(getattr(usage, name) for usage in usages) for name in ("wall", "cpu", "peak")))


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """Return the names in another order at each turn, so that none is always the first."""
    first = turn % len(names)
    return [*names[first:], *names[:first]]


class FailedError(Exception):
    """A measured process failed."""


def run(command: tuple[str, ...], environment: Mapping[str, str], output: Path) -> Usage:
    """Run a program, with its standard output in the file `output` and its standard error beside it.

    Linux counts the memory that the parent has when it starts a process as the child's own, so the calling process
    must be small.

    Raises:
        FailedError: The exit code was not 0.
    """
    errors = output.with_suffix(".err")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    started = time.perf_counter()
    process = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o644),
            (os.POSIX_SPAWN_OPEN, 2, str(errors), flags, 0o644),
        ],
    )
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - started
    if status:
        last = errors.read_text(errors="replace").strip().splitlines()[-5:]
        raise FailedError(f"{' '.join(command)} failed ({os.waitstatus_to_exitcode(status)}):\n" + "\n".join(last))
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def environment(home: Path) -> dict[str, str]:
    """Return the environment of every process: a separate model store, no downloads, no log lines.

    Python may write bytecode files, as it does for any installed package.
    """
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "MNCLASSIFY_HOME": str(home),
        "MNCLASSIFY_HUB_URL": "http://127.0.0.1:9",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
