"""Many files: the first row comes at once, and memory does not grow with their number."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

COMMAND = [str(Path(sys.executable).with_name("mnclassify")), "-m", "efficientnet_lite0", "--image-size", "32"]
FEW, MANY = 1_000, 20_000
FIRST_ROW_SECONDS = 3.0


class Measured(NamedTuple):
    """What a run took, and how many rows it wrote."""

    seconds_to_first_row: float
    peak_bytes: int
    rows: int


@pytest.fixture(scope="module")
def environment(embedded_home: Path) -> dict[str, str]:
    return os.environ | {"MNCLASSIFY_HOME": str(embedded_home), "MNCLASSIFY_HUB_URL": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """A tree of small images, FEW of them in the folder "0000"; and the model compiled for their size."""
    root = tmp_path_factory.mktemp("tree")
    original = root / "original.png"
    Image.frombytes("RGB", (32, 32), random.Random(1).randbytes(3 * 32 * 32)).save(original)
    for first in range(0, MANY, FEW):
        folder = root / f"{first:04}"
        folder.mkdir()
        for number in range(first, first + FEW):
            (folder / f"{number:05}.png").hardlink_to(original)
    subprocess.run([*COMMAND, original], env=environment, check=True, capture_output=True)
    original.unlink()
    return root


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[type[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []

    def run(*arguments: object, **options) -> subprocess.Popen[bytes]:
        command = [*COMMAND, "-f", "csv", "-q", *map(str, arguments)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, **options)
        running.append(process)
        return process

    yield run
    for process in running:
        if process.returncode is None:
            process.kill()
            process.wait()


def measured(process: subprocess.Popen[bytes], started: float) -> Measured:
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"path,")
    assert process.stdout.readline()
    first = time.monotonic() - started
    rows = 1 + sum(1 for _ in process.stdout)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(first, used.ru_maxrss * 1024, rows)


def test_a_tree_gives_its_first_row_at_once_and_takes_no_more_memory_than_a_folder(tree: Path, start):
    few = measured(start(tree / "0000"), time.monotonic())
    many = measured(start(tree), time.monotonic())
    assert (few.rows, many.rows) == (FEW, MANY)
    assert many.seconds_to_first_row < FIRST_ROW_SECONDS
    assert many.peak_bytes < 1.1 * few.peak_bytes


@pytest.mark.parametrize(
    ("arguments", "begin", "line"),
    [
        (["--from", "-", "-f", "csv"], "", "{}\n"),
        (["--from", "-", "-0", "-f", "jsonl"], "", "{}\0"),
        (["--from", "-", "-0", "-f", "path"], "", "{}\0"),
        (["--from-csv", "-", "-f", "csv"], "id,path\n", '1,"{}"\n'),
    ],
)
def test_a_list_gives_its_first_row_before_it_ends(tree: Path, start, arguments: list[str], begin: str, line: str):
    process = start(*arguments, stdin=subprocess.PIPE, bufsize=0)
    assert process.stdin
    assert process.stdout
    process.stdin.write(begin.encode())
    for number in range(3):
        process.stdin.write(line.format(f"{tree}/0000/{number:05}.png").encode())
        if number == 0 and "csv" in arguments:
            assert b"path,status" in process.stdout.readline()
        assert f"/{number:05}.png" in process.stdout.readline().decode()
    process.stdin.close()
    assert process.wait(10) == 0


def test_a_list_of_many_takes_no_more_memory_than_a_list_of_few(tree: Path, start, tmp_path: Path):
    def run(paths: Iterable[str]) -> Measured:
        file = tmp_path / "list"
        file.write_bytes(b"".join(os.fsencode(path) + b"\0" for path in paths))
        return measured(start("--from", file, "-0"), time.monotonic())

    images = [f"{tree}/0000/{number:05}.png" for number in range(FEW)]
    missing = (f"{tree}/missing/{number}.png" for number in range(2 * MANY))
    few, many = run(images), run([*images, *missing])
    assert (few.rows, many.rows) == (FEW, FEW + 2 * MANY)
    assert many.seconds_to_first_row < FIRST_ROW_SECONDS
    assert many.peak_bytes < 1.1 * few.peak_bytes


def test_a_table_of_many_takes_no_more_memory_than_a_table_of_few(start, tmp_path: Path):
    def run(count: int) -> Measured:
        file = tmp_path / "photos.csv"
        file.write_text(
            "path,note\n" + "".join(f'missing/{number}.jpg,"a note, {number}"\n' for number in range(count))
        )
        return measured(start("--from-csv", file), time.monotonic())

    few, many = run(2_000), run(60_000)
    assert (few.rows, many.rows) == (2_000, 60_000)
    assert many.seconds_to_first_row < FIRST_ROW_SECONDS
    assert many.peak_bytes < 1.05 * few.peak_bytes
