"""Signals end a run within a second or so, with the exit code that shells and containers expect, and lose no row."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from exact_network import save_exact_network, save_squares
from unmeasured import unmeasured

COMMAND = str(Path(sys.executable).with_name("mnclassify"))
IMAGES = 600
PATIENCE = 2.0 if os.environ.get("CI") else 10.0  # seconds, on machines that others use too


@pytest.fixture(scope="module")
def classify(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Return the command that classifies the images, slowly enough to be interrupted."""
    work = tmp_path_factory.mktemp("signals")
    model = save_exact_network(work / "exact_32.tflite")
    folder = save_squares(work / "photos", IMAGES)
    os.environ["MNCLASSIFY_HOME"], before = str(work / "home"), os.environ.get("MNCLASSIFY_HOME")
    first = [COMMAND, str(folder / "0.png"), "-m", str(model), "--input-range", "0:1", "-f", "csv"]
    subprocess.run(first, check=True, stdout=subprocess.DEVNULL)
    yield lambda *arguments: [
        *(COMMAND, str(folder), "-m", str(model), "--input-range", "0:1"),
        *("--workers", "1", "--batch-size", "1", *map(str, arguments)),
    ]
    os.environ.pop("MNCLASSIFY_HOME") if before is None else os.environ.update(MNCLASSIFY_HOME=before)


def under_way(command: list[str], part: Path, **options) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=unmeasured(), **options)
    while not (part.exists() and part.stat().st_size > 1000):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    return process


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=str
)
def test_a_signal_ends_a_run_which_can_be_resumed(classify, tmp_path, number, code):
    file, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    process = under_way(classify("-o", file), part)
    process.send_signal(number)
    sent = time.monotonic()
    errors = process.communicate(timeout=30)[1]
    assert time.monotonic() - sent < PATIENCE
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert "--resume" in errors
    assert not file.exists()
    assert subprocess.run(classify("-o", file, "--resume"), stderr=subprocess.DEVNULL).returncode == 0
    rows = file.read_text().splitlines()
    assert len(rows) == len(set(rows)) == IMAGES + 1


def test_nohup_keeps_a_run_alive(classify, tmp_path):
    file, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    process = under_way(["nohup", *classify("-o", file)], part, stdout=subprocess.DEVNULL)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 0
    assert len(file.read_text().splitlines()) == IMAGES + 1


@pytest.mark.skipif(not shutil.which("unshare") or os.getuid() != 0, reason="needs root for a PID namespace")
def test_sigterm_ends_process_1_of_a_container(classify, tmp_path):
    file, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    process = under_way(["unshare", "--pid", "--fork", *classify("-o", file)], part)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGTERM)
    sent = time.monotonic()
    process.communicate(timeout=30)
    assert time.monotonic() - sent < PATIENCE
    assert process.returncode == 143
    assert subprocess.run(classify("-o", file, "--resume"), stderr=subprocess.DEVNULL).returncode == 0
    assert len(file.read_text().splitlines()) == IMAGES + 1


def test_ctrl_c_during_the_start_shows_no_traceback_of_ours():
    for milliseconds in range(10, 200, 30):
        process = subprocess.Popen(
            [COMMAND, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=unmeasured()
        )
        time.sleep(milliseconds / 1000)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=30)[1]
        assert process.returncode in (0, 1, -signal.SIGINT, 130)
        assert "mobilenet_cli/cli" not in errors  # Python itself prints one while it starts
