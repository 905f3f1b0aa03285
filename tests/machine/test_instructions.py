"""The processor's instructions: from Linux's texts, and from macOS's numbers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mobilenet_cli.machine import instructions as module
from mobilenet_cli.machine.instructions import instructions, listed_in

X86 = "processor\t: 0\nmodel name\t: Some\nflags\t\t: fpu avx2 avx512_vnni\nvmx flags\t: vnmi\nbugs\t\t: spectre\n\n"
ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd asimddp\nCPU part\t: 0xd0c\n\n"


def test_they_are_the_flags_of_x86_and_the_features_of_arm():
    assert listed_in(X86) == {"fpu", "avx2", "avx512_vnni"}
    assert listed_in(ARM) == {"fp", "asimd", "asimddp"}
    assert listed_in("machine : s390x\n") == frozenset()


def test_only_what_every_core_has_counts():
    assert listed_in(X86 + X86.replace(" avx512_vnni", "")) == {"fpu", "avx2"}


@pytest.mark.skipif(shutil.which("lscpu") is None, reason="needs the program lscpu")
def test_they_are_those_that_lscpu_shows():
    shown = subprocess.run(["lscpu"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    flags = next(line for line in shown.splitlines() if line.startswith("Flags:"))
    assert instructions() == set(flags.removeprefix("Flags:").split())


def test_without_the_text_there_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(module, "_CPUINFO", tmp_path / "missing")
    assert instructions() == frozenset()


@pytest.mark.parametrize(("answer", "expected"), [("1", {"asimddp"}), ("0", set()), ("", set())])
def test_macos_is_asked_by_sysctl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, expected: set[str]):
    sysctl = tmp_path / "sysctl"
    sysctl.write_text(f'#!/bin/sh\n[ "$2" = hw.optional.arm.FEAT_DotProd ] && echo {answer}\n')
    sysctl.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(module, "_SYSCTL", str(sysctl))
    assert instructions() == expected


def test_macos_without_sysctl_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(module, "_SYSCTL", str(tmp_path / "missing"))
    assert instructions() == frozenset()
