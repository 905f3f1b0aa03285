"""The installed command `mnclassify sort`, on copies of the sample photographs."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SAMPLES, Run
from sorting_runs import contents, tree, write
from unmeasured import unmeasured

pytestmark = pytest.mark.slow


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A cat with a sidecar and a video, an espresso, a rocket, and what is no image."""
    folder = tmp_path / "photos"
    (folder / "2019").mkdir(parents=True)
    for name in ("cat.jpg", "espresso.webp", "2019/rocket.jpg"):
        shutil.copy2(SAMPLES / Path(name).name, folder / name)
    for name in ("cat.xmp", "cat.jpg.xmp", "cat.MOV", "damaged.jpg"):
        write(folder / name, name.encode())
    return folder


def files(folder: Path) -> list[str]:
    """The files below a folder, without the journal."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not path.name.startswith(".mnclassify-sort"))


def test_photographs_are_sorted_by_kind_and_come_back(mnclassify: Run, photos: Path):
    before, into = tree(photos.parent), photos.parent / "sorted"
    planned = mnclassify("sort", str(photos), "--into", str(into), "--kinds", "cat,drink", "--sure", "0.5", "--dry-run")
    assert planned.returncode == 1  # for damaged.jpg
    assert planned.stdout.splitlines() == [
        f"{photos}/2019/rocket.jpg\t{into}/unsorted/rocket.jpg",
        f"{photos}/cat.jpg\t{into}/cat/cat.jpg",
        f"{photos}/espresso.webp\t{into}/drink/espresso.webp",
    ]
    assert "3 images and 3 companion files would be sorted into 3 folders" in planned.stderr
    assert tree(photos.parent) == before

    options = ("--into", str(into), "--kinds", "cat,drink", "--sure", "0.5", "--move")
    done = mnclassify("sort", str(photos), *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{photos}/damaged.jpg: " in done.stderr
    assert f"mnclassify:       1  {into}/cat\n" in done.stderr
    assert f"undo with: mnclassify sort --into {into} --undo" in done.stderr
    assert files(photos) == ["damaged.jpg"]
    assert files(into) == [
        *("cat/cat.MOV", "cat/cat.jpg", "cat/cat.jpg.xmp", "cat/cat.xmp"),
        *("drink/espresso.webp", "unsorted/rocket.jpg"),
    ]

    undone = mnclassify("sort", "--into", str(into), "--undo", env={"MNCLASSIFY_MODEL": "no_such_model"})
    assert (undone.returncode, undone.stdout) == (0, "")
    assert "3 images put back" in undone.stderr
    assert tree(photos.parent) == before


def test_by_kind_a_cat_is_a_cat_and_again_there_is_nothing_to_do(mnclassify: Run, photos: Path):
    (photos / "damaged.jpg").unlink()
    into = photos / "sorted"
    assert mnclassify("sort", str(photos), "--into", str(into)).returncode == 0
    assert (into / "cat" / "cat.jpg").read_bytes() == (photos / "cat.jpg").read_bytes()
    after = tree(photos)
    done = mnclassify("sort", str(photos), "--into", str(into))
    assert done.returncode == 0
    assert "3 images already sorted" in done.stderr
    assert "nothing to do" in done.stderr
    assert tree(photos) == after


def test_by_the_best_class_no_image_is_unsorted(mnclassify: Run, photos: Path):
    into = photos.parent / "sorted"
    mnclassify("sort", str(photos), "--into", str(into), "--by", "top-1", "--link")
    assert (into / "espresso" / "espresso.webp").is_symlink()
    assert not (into / "unsorted").exists()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["photos"], 2, "Missing option '--into'"),
        (["--into", "sorted"], 2, "name SOURCES…"),
        (["photos", "--into", "sorted", "--kinds", "dogg"], 2, "did you mean dog"),
        (["photos", "--into", "sorted", "--kinds", ","], 2, "takes words"),
        (["photos", "--into", "sorted", "--kinds", "dog", "--by", "label"], 2, "give one of them"),
        (["photos", "--into", "sorted", "--move", "--link"], 2, "exclude each other"),
        (["photos", "--into", "sorted", "--undo", "--dry-run"], 2, "without --undo"),
        (["--into", "sorted", "--undo"], 2, "nothing to undo"),
        (["photos", "--into", "photos/cat.jpg"], 2, "is no folder"),
        (["photos", "--into", "no/sorted"], 2, "there is no folder"),
        (["photos", "--into", "photos"], 1, "4 images left out: the destination holds them already"),
        (["photos/*.gif", "--into", "sorted"], 1, "no file matches"),
        (["https://example.org/cat.jpg", "--into", "sorted"], 1, "no file here"),
    ],
)
def test_exit_codes_and_their_words(mnclassify: Run, photos: Path, options: list[str], code: int, words: str):
    before = contents(photos.parent)
    done = mnclassify("sort", *options, cwd=photos.parent)
    assert done.returncode == code
    assert words in done.stderr
    assert contents(photos.parent) == before


def test_a_destination_that_cannot_be_written_is_code_4(mnclassify: Run, photos: Path):
    done = mnclassify("sort", str(photos), "--into", "/proc/sorted")
    assert done.returncode == 4
    assert "cannot write to /proc/sorted" in done.stderr


def test_the_command_killed_at_random_loses_nothing(embedded_home: Path, tmp_path: Path):
    photos, into = tmp_path / "photos", tmp_path / "sorted"
    samples = [path for path in SAMPLES.iterdir() if path.suffix in {".jpg", ".webp", ".png"}]
    for number in range(200):
        sample = samples[number % len(samples)]
        write(
            photos / f"roll {number % 5}" / f"IMG_{number // 10}{sample.suffix}", sample.read_bytes() + b"%d" % number
        )
    before, every = tree(tmp_path), set(contents(photos))
    environment = unmeasured(MNCLASSIFY_HOME=str(embedded_home))
    command = [str(Path(sys.executable).with_name("mnclassify")), "sort", "-q", str(photos), "--into", str(into)]
    choose = random.Random(3)
    for options, code in ((["--move"], 0), (["--undo"], 0)):
        for _ in range(10):
            process = subprocess.Popen([*command, *options], env=environment, stderr=subprocess.DEVNULL)
            time.sleep(choose.uniform(0.2, 1.0))
            process.kill()
            process.wait()
            assert set(contents(tmp_path)) == every
        if into.exists() or "--move" in options:
            assert subprocess.run([*command, *options], env=environment, check=False).returncode in {code, 1}
    assert tree(tmp_path) == before
