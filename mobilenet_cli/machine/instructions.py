"""The vector instructions that the processor has."""

from __future__ import annotations

import sys
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_SYSCTL = "/usr/sbin/sysctl"
# Apple, "Determining instruction set characteristics": each is 1 or 0. LiteRT has no wheel for Intel's Macs.
_OF_MACOS = {"hw.optional.arm.FEAT_DotProd": "asimddp"}


def instructions() -> frozenset[str]:
    """Return the instruction sets that the processor has, by Linux's names.

    They are "avx2", "avx512_vnni", "amx_bf16", "asimddp" and so on.

    On Linux they are those that /proc/cpuinfo lists, on macOS those that this package asks for. Elsewhere there are
    none.
    """
    if sys.platform == "darwin":
        return frozenset(name for key, name in _OF_MACOS.items() if _sysctl(key) == "1")
    try:
        return listed_in(_CPUINFO.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return frozenset()


def listed_in(cpuinfo: str) -> frozenset[str]:
    """Return the instruction sets that every processor in a text of /proc/cpuinfo has.

    x86 calls the list "flags", ARM "Features". Cores may differ: a thread may run on any of them.
    """
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    lists = [set(values.split()) for name, _, values in lines if name.strip() in ("flags", "Features")]
    return frozenset(set.intersection(*lists)) if lists else frozenset()


def _sysctl(key: str) -> str:
    import subprocess

    try:
        done = subprocess.run([_SYSCTL, "-n", key], capture_output=True, text=True, check=False, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
