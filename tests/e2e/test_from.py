"""The installed command on lists of files: `--from FILE`, `--from -` and `-0`."""

from __future__ import annotations

import csv
import io
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SAMPLES, Run

pytestmark = pytest.mark.slow

COMMAND = str(Path(sys.executable).with_name("mnclassify"))
CAT, ESPRESSO = str(SAMPLES / "cat.jpg"), str(SAMPLES / "espresso.webp")


def statuses(text: str) -> list[tuple[str, str]]:
    return [(row["path"], row["status"]) for row in csv.DictReader(io.StringIO(text))]


def test_each_line_is_a_row_in_its_place_after_the_arguments(mnclassify: Run, tmp_path: Path):
    (tmp_path / "list").write_text(f"{ESPRESSO}\n\nmissing.jpg\n{SAMPLES}\n{CAT}")
    done = mnclassify(CAT, "--from", str(tmp_path / "list"))
    assert done.returncode == 1
    assert statuses(done.stdout) == [
        (CAT, "ok"),
        (ESPRESSO, "ok"),
        ("missing.jpg", "error"),
        (str(SAMPLES), "error"),
        (CAT, "ok"),
    ]


def test_find_print0_passes_any_name_there_and_back(mnclassify: Run, tmp_path: Path):
    names = [os.fsencode(tmp_path) + name for name in (b"/a\nb.jpg", b"/caf\xe9.jpg", b"/ c ")]
    for name in names:
        shutil.copy(CAT, name)
    # `sort` only makes the order known.
    script = f"find {tmp_path} -type f -print0 | sort -z | '{COMMAND}' --from - -0 -f path --print0"
    done = subprocess.run(["bash", "-c", script], capture_output=True)
    assert done.stdout.split(b"\0")[:-1] == sorted(names)
    assert done.returncode == 0


def test_paths_are_relative_to_the_working_folder_and_not_to_the_list(mnclassify: Run, tmp_path: Path):
    (tmp_path / "list").write_text("cat.jpg\n")
    assert statuses(mnclassify("--from", str(tmp_path / "list"), cwd=SAMPLES).stdout) == [("cat.jpg", "ok")]


def test_an_empty_list_finds_nothing(mnclassify: Run):
    done = mnclassify("--from", "-", "-f", "csv", input="")
    assert done.returncode == 1
    assert "no images found" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-0"], "--from"),
        (["-f", "csv"], "--from"),
        (["--from", "nowhere"], "does not exist"),
        (["--from", str(SAMPLES)], "is a directory"),
        (["--from", "-", "-"], "not both"),
        (["--from", CAT], "--null"),
    ],
)
def test_wrong_usage_is_2_with_a_reason(mnclassify: Run, arguments: list[str], words: str):
    done = mnclassify(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("piped", "total"), [(False, "/60"), (True, "")])
def test_progress_knows_the_total_of_a_file_but_not_of_a_pipe(mnclassify: Run, tmp_path: Path, piped: bool, total: str):
    (tmp_path / "list").write_text(f"{CAT}\n" * 60)
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "-m", "efficientnet_lite0", "-f", "csv", "--from", "-" if piped else str(tmp_path / "list")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"},
    )
    os.close(terminal)
    process.stdin.write((tmp_path / "list").read_bytes() if piped else b"")
    process.stdin.close()
    shown = b""
    try:
        while data := os.read(main, 65536):
            shown += data
    except OSError:  # how Linux tells the end of a terminal
        pass
    os.close(main)
    assert process.wait() == 0
    assert b"images/s" in shown
    assert total in shown.decode()
    assert piped == (b"/60" not in shown)
