"""The number of cores that this process may use."""

from __future__ import annotations

import os
from pathlib import Path


def usable_cores() -> int:
    """Return the number of cores by CPU affinity and cgroup quota, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_quota(Path("/sys/fs/cgroup"))
    return max(1, min(cores, int(quota))) if quota else cores


def _cgroup_quota(root: Path) -> float | None:
    """Return the CPU quota in cores of cgroup v2 or v1, mounted at `root`, or None if there is none."""
    try:
        quota, period = (root / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        used = int((root / "cpu" / "cpu.cfs_quota_us").read_text())
        return used / int((root / "cpu" / "cpu.cfs_period_us").read_text()) if used > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
