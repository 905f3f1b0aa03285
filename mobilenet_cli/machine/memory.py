"""The memory that this process may use."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_PROC = Path("/proc")
_LIMITS = ("memory.max", "memory.high", "memory.limit_in_bytes")
"""The files with a group's limits: two of cgroup v2, one of v1."""
_FALLBACK = 2 << 30


def usable_memory(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int:
    """Return how many bytes this process may still take: the least that any of these leaves.

    They are the memory that the system has available, the limits of the process's control groups (cgroup v1 and v2)
    and of those above them, and its own limits (RLIMIT_AS, RLIMIT_DATA), less what it has taken already.

    Args:
        proc: Where the process file system is mounted.
        cgroups: Where the control groups are mounted.
    """
    return max(0, min(_available(proc), *_left_by_groups(proc, cgroups), *_left_by_own_limits(proc), sys.maxsize))


def _available(proc: Path) -> int:
    """Return the memory that can be taken without swapping; where the system does not say, all there is."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (proc / "meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return _FALLBACK


def _left_by_groups(proc: Path, cgroups: Path) -> Iterator[int]:
    """Yield what each control group's limit leaves; the process's own memory alone counts as taken.

    What else the group holds may be its cache of files, which the system gives up when memory is short.
    """
    taken = _status(proc, "VmRSS")
    with contextlib.suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            for root in (cgroups / "memory", cgroups / "unified", cgroups):
                group = root / path.lstrip("/")
                # In a container, the path may be the host's, and what is mounted here the container's own group.
                for folder in (group, *group.parents):
                    yield from (limit - taken for limit in _limits(folder))
                    if folder == root:
                        break


def _limits(folder: Path) -> Iterator[int]:
    for name in _LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number
            yield int((folder / name).read_text())


def _left_by_own_limits(proc: Path) -> Iterator[int]:
    try:
        import resource
    except ImportError:  # not a Unix
        return
    for limit, taken in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        soft = resource.getrlimit(limit)[0]
        if soft != resource.RLIM_INFINITY:
            yield soft - _status(proc, taken)


def _status(proc: Path, name: str) -> int:
    """Return a size from the process's status in bytes, 0 where it is not known."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (proc / "self" / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0
