"""The installed command, killed at random moments, on full disks, interrupted: no row is lost and none comes twice."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from killed_runs import IMAGES, SLOWLY, Photos, kill_at_random, make_photos, paths_in

pytestmark = pytest.mark.slow

FORMATS = ["csv", "jsonl"]


def options_of(file: Path) -> Path:
    """The file of the options that the rows of a file were made with."""
    return file.with_name(f"{file.name}.meta")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    return make_photos(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def uninterrupted(photos: Photos, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The file of a run that nothing interrupts, of each format."""
    folder = tmp_path_factory.mktemp("uninterrupted")

    def document(name: str) -> bytes:
        file = folder / f"out.{name}"
        if not file.exists():
            photos.run("-o", file)
            assert len(paths_in(file.read_bytes(), name)) == IMAGES
        return file.read_bytes()

    return document


@pytest.mark.parametrize("name", FORMATS)
def test_ctrl_c_then_resume(photos: Photos, uninterrupted, tmp_path: Path, name: str):
    file, part = tmp_path / f"out.{name}", tmp_path / f"out.{name}.part"
    process = photos.start("-o", file, *SLOWLY)
    wait_for_rows(process, part)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert (process.returncode, file.exists()) == (130, False)
    assert "Traceback" not in said
    refused = photos.run("-o", file, code=4)
    assert "out." in refused
    assert "--resume" in refused
    before = len(paths_in(part.read_bytes(), name, ("ok",)))
    assert f"{before:,} images already done" in photos.run("-o", file, "--resume")
    assert file.read_bytes() == uninterrupted(name)


def wait_for_rows(process: subprocess.Popen[str], part: Path) -> None:
    while not (part.exists() and part.stat().st_size > 2000):
        assert process.poll() is None
        time.sleep(0.005)


# --- disks that are full or may not be written


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "size=64k")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def mount(folder: Path, options: str) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"needs the right to mount a small file system: {done.stderr.strip()}")


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_keeps_what_is_finished_and_with_room_the_run_goes_on(
    photos: Photos, uninterrupted, small_disk: Path, name: str
):
    file = small_disk / f"out.{name}"
    said = photos.run("-o", file, code=4)
    assert f"cannot write {file}: No space left on device; the rows finished so far are in {file}.part" in said
    assert "Traceback" not in said
    assert not file.exists()
    finished = len(paths_in(Path(f"{file}.part").read_bytes(), name))
    assert finished > 50
    assert "No space left" in photos.run("-o", file, "--resume", code=4)
    mount(small_disk, "remount,size=8m")
    photos.run("-o", file, "--resume")
    assert file.read_bytes() == uninterrupted(name)
    assert sorted(small_disk.iterdir()) == [file, options_of(file)]


def test_a_file_that_may_grow_no_more_is_a_full_disk_too(photos: Photos, uninterrupted, tmp_path: Path):
    file = tmp_path / "out.csv"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    assert "File too large; the rows finished so far are in" in photos.run("-o", file, code=4, preexec_fn=limit)
    assert Path(f"{file}.part").stat().st_size == 50_000
    photos.run("-o", file, "--resume")
    assert file.read_bytes() == uninterrupted("csv")


def test_a_disk_too_full_to_put_the_rows_in_order_keeps_them_all(photos: Photos, uninterrupted, tmp_path: Path):
    file, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    expected = uninterrupted("csv")
    rows_in_order = expected.splitlines(keepends=True)
    part.write_bytes(b"".join(rows_in_order))
    with_room_for_the_failed_rows_alone = len(expected) + 100

    def limit() -> None:
        size = with_room_for_the_failed_rows_alone
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    assert "are in" in photos.run("-o", file, "--resume", code=4, preexec_fn=limit)
    ok = paths_in(expected, "csv", ("ok",))
    assert paths_in(part.read_bytes(), "csv", ("ok",)) == ok
    assert sorted(tmp_path.iterdir()) == [part, options_of(part)]
    photos.run("-o", file, "--resume")
    assert file.read_bytes() == expected


def test_a_read_only_disk_is_named_with_the_reason(photos: Photos, small_disk: Path):
    mount(small_disk, "remount,ro")
    for options in ([], ["--resume"], ["--overwrite"]):
        said = photos.run("-o", small_disk / "out.csv", *options, code=4)
        assert said == f"mnclassify: cannot write {small_disk}/out.csv: Read-only file system\n"


@pytest.mark.parametrize("path", ["/proc/out.csv", "/no/such/folder/out.csv"])
def test_a_folder_that_takes_no_files_is_named(photos: Photos, path: str):
    assert f"cannot write {path}: " in photos.run("-o", path, "--resume", code=4)


# --- two runs


def test_of_two_runs_to_the_same_file_the_second_is_refused(photos: Photos, uninterrupted, tmp_path: Path):
    file, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    first = photos.start("-o", file)
    wait_for_rows(first, part)
    first.send_signal(signal.SIGSTOP)
    for options in ([], ["--resume"], ["--overwrite"]):
        assert "another run is writing" in photos.run("-o", file, *options, code=4)
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=60)
    assert first.returncode == 1
    assert file.read_bytes() == uninterrupted("csv")
    assert sorted(tmp_path.iterdir()) == [file, options_of(file)]


def test_a_complete_file_is_resumed_without_ever_being_torn(photos: Photos, uninterrupted, tmp_path: Path):
    file, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    expected = uninterrupted("jsonl")
    file.write_bytes(expected)
    choose = random.Random(3)
    for _ in range(5):
        kill_at_random(photos.start("-o", file, "--resume"), part, choose)
        assert file.read_bytes() == expected
    photos.run("-o", file, "--resume")
    assert file.read_bytes() == expected
    assert sorted(tmp_path.iterdir()) == [file, options_of(file)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-k", "3"], "its columns are"),
        (["--long"], "its columns are"),
        (["-f", "jsonl"], "JSONL"),
    ],
)
def test_other_columns_are_refused(photos: Photos, uninterrupted, tmp_path: Path, options: list[str], words: str):
    part = tmp_path / "out.csv.part"
    part.write_bytes(uninterrupted("csv")[:5000])
    said = photos.run("-o", tmp_path / "out.csv", "--resume", *options, code=4)
    assert words in said
    assert part.read_bytes() == uninterrupted("csv")[:5000]


def test_another_model_is_refused(photos: Photos, uninterrupted, tmp_path: Path):
    part = tmp_path / "out.csv.part"
    rows = uninterrupted("csv")[:5000].replace(os.fsencode(photos.model), b"mobilenet_v1_100_128")
    part.write_bytes(rows)
    said = photos.run("-o", tmp_path / "out.csv", "--resume", code=4)
    assert f"by the model mobilenet_v1_100_128, not {photos.model}" in said
    assert part.read_bytes() == rows


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--resume"], "--resume needs -o FILE"),
        (["-o", "x.csv", "--resume", "--overwrite"], "give one of them"),
        (["-o", "x.json", "--resume"], "csv, tsv, jsonl, parquet, html, not with json"),
        (["-o", "x", "-f", "table", "--resume"], "not with table"),
    ],
)
def test_what_does_not_go_with_resume_is_said_before_anything_is_done(
    photos: Photos, tmp_path: Path, options: list[str], words: str
):
    assert words in photos.run(*options, code=2, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
