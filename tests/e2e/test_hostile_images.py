"""The command on images made to fill up or crash a run."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLES, SHARED

pytestmark = pytest.mark.slow

CRASHING = """
import signal
from mobilenet_cli.images import opening

begin = opening.Stream.__init__

def opened(self, source):
    if "crash" in source.path:
        signal.raise_signal(signal.SIGSEGV)  # in this thread: it decodes nothing more
    begin(self, source)

opening.Stream.__init__ = opened
"""


@pytest.fixture(autouse=True)
def _with_model(embedded_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))


def command(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "mobilenet_cli", *arguments, "-m", "efficientnet_lite0"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def photographs(folder: Path, count: int) -> None:
    samples = sorted(SAMPLES.glob("*.jpg"))
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:02}.jpg").write_bytes(samples[number % len(samples)].read_bytes())


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.skipif(not (SHARED / "cases" / "hostile").exists(), reason="../shared/cases/hostile is not there")
def test_images_that_decode_to_gigabytes_are_error_rows_in_two_gigabytes(tmp_path):
    photographs(tmp_path / "photos", 12)
    large = (SHARED / "cases" / "hostile" / "webp_max_lossless.webp").read_bytes()
    for number in (2, 5, 8, 11):
        (tmp_path / "photos" / f"{number:02}x.webp").write_bytes(large)
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30));"
    limited += "sys.argv[0] = 'mnclassify'; runpy.run_module('mobilenet_cli', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", limited, "photos", "-j8", "-m", "efficientnet_lite0", "-o", "o.csv"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    found = rows(tmp_path / "o.csv")
    assert [row["status"] for row in found if row["path"].endswith(".jpg")] == ["ok"] * 12
    assert all("takes about" in row["error"] for row in found if row["path"].endswith(".webp"))
    assert len(found) == 16


@pytest.mark.parametrize("output", [["-o", "o.csv"], ["-o", "parts/", "-f", "csv", "--rows-per-file", "4"]])
def test_a_run_that_images_crash_ends_after_it_is_resumed_as_often(tmp_path, output):
    photographs(tmp_path / "photos", 8)
    for name in ("03crash.jpg", "06crash.jpg"):
        (tmp_path / "photos" / name).write_bytes((tmp_path / "photos" / "00.jpg").read_bytes())
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(CRASHING)
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    codes = [
        command("photos", "-j1", *output, "--resume", folder=tmp_path, PYTHONPATH=path).returncode for _ in range(3)
    ]
    assert codes == [-11, -11, 1]
    files = [tmp_path / "o.csv"] if output[1] == "o.csv" else sorted((tmp_path / "parts").glob("part-*"))
    found = [row for file in files for row in rows(file)]
    assert len(found) == 10
    for row in found:
        assert (row["status"], "the last run ended while this was decoded" in row["error"]) == (
            ("error", True) if "crash" in row["path"] else ("ok", False)
        )
    assert not [*tmp_path.glob("o.csv.part*"), *tmp_path.glob("parts/*hand*"), *tmp_path.glob("parts/*.part")]
