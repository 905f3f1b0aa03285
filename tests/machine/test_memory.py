from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobilenet_cli.machine.memory import usable_memory

GIB = 1 << 30


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A /proc and a /sys/fs/cgroup of a system with 8 GiB available, whose process has taken 1 GiB."""
    own = tmp_path / "proc" / "self"
    own.mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n")
    (own / "status").write_text("Name:\tx\nVmSize:\t 4194304 kB\nVmRSS:\t 1048576 kB\n")
    (own / "cgroup").write_text("0::/\n")
    (tmp_path / "cgroup").mkdir()
    return tmp_path


def usable(system: Path) -> int:
    return usable_memory(system / "proc", system / "cgroup")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_without_limits_it_is_what_the_system_has_available(system):
    assert usable(system) == 8 * GIB


@pytest.mark.parametrize("folder", ["jobs/one", "jobs", ""])
def test_the_limit_of_a_version_2_group_or_one_above_it_less_what_is_taken(system, folder):
    (system / "proc/self/cgroup").write_text("0::/jobs/one\n")
    write(system / "cgroup/jobs/one/memory.max", "max\n")
    write(system / "cgroup" / folder / "memory.max", f"{3 * GIB}\n")
    assert usable(system) == 2 * GIB


@pytest.mark.parametrize("path", ["/jobs", "/of/the/host/jobs"])
def test_the_limit_of_a_version_1_group_also_in_a_container_that_sees_its_own_alone(system, path):
    (system / "proc/self/cgroup").write_text(f"9:cpu:/elsewhere\n4:memory:{path}\n0::/\n")
    write(system / "cgroup/memory" / ("jobs" if path == "/jobs" else ".") / "memory.limit_in_bytes", f"{2 * GIB}")
    write(system / "cgroup/memory/elsewhere/memory.limit_in_bytes", "1000")
    assert usable(system) == GIB


def test_a_limit_that_is_exceeded_leaves_nothing(system):
    write(system / "cgroup/memory.max", "1000")
    assert usable(system) == 0


def test_where_nothing_is_known_it_is_what_the_machine_has(tmp_path):
    assert usable(tmp_path) == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_the_limit_of_the_process_itself():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 << 29, -1));"
        "from mobilenet_cli.machine.memory import usable_memory; print(usable_memory())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert GIB < int(shown) < 3 << 29
