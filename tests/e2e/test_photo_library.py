"""The installed command with --xmp and --xmp-remove, on copies of the sample photographs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import ROOT, SAMPLES, Run, program
from xmp_samples import FIRST_VERSION, FIRST_VERSION_BESIDE, LIGHTROOM

pytestmark = pytest.mark.slow

CAT = ["animal", "cat"]
"""The kinds and the sure label of cat.jpg; its best class, Egyptian cat, is not sure."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("cat.jpg", "espresso.webp", "rocket.jpg"):
        shutil.copy(SAMPLES / name, folder)
    (folder / "cat.xmp").write_bytes(LIGHTROOM)
    return folder


def state(folder: Path, *endings: str) -> dict[str, tuple[str, int]]:
    """The hash and the time of each file with one of the endings."""
    files = (file for file in sorted(folder.iterdir()) if file.name.endswith(endings))
    return {each.name: (hashlib.sha256(each.read_bytes()).hexdigest(), each.stat().st_mtime_ns) for each in files}


def read_back(folder: Path) -> dict[str, dict[str, object]]:
    """What exiftool reads in the sidecars, by their names."""
    command = [program("exiftool"), "-json", "-XMP:all", "-ext", "xmp", str(folder)]
    done = subprocess.run(command, capture_output=True, check=True)
    return {Path(each["SourceFile"]).name: each for each in json.loads(done.stdout)}


def test_labels_and_kinds_become_keywords_that_exiftool_reads_and_a_persons_work_stays(mnclassify: Run, photos: Path):
    images = state(photos, "jpg", "webp")
    done = mnclassify(str(photos), "--xmp", "-q")
    assert done.returncode == 0
    found = read_back(photos)
    assert found["espresso.webp.xmp"]["Subject"] == ["drink", "coffee", "espresso"]
    assert found["espresso.webp.xmp"]["HierarchicalSubject"] == "mnclassify|drink|coffee|espresso"
    cat = found["cat.xmp"]
    assert cat["Subject"] == ["Oma's garden", "2019 & before", *CAT]
    assert cat["HierarchicalSubject"][2:] == ["|".join(["mnclassify", *CAT])]
    assert (cat["Rating"], cat["Label"], cat["Exposure2012"]) == (4, "Red", "+0.35")
    assert state(photos, "jpg", "webp") == images
    assert sorted(found) == ["cat.xmp", "espresso.webp.xmp", "rocket.jpg.xmp"]


def test_again_changes_nothing_and_removing_undoes_it(mnclassify: Run, photos: Path):
    mnclassify(str(photos), "--xmp")
    images, sidecars = state(photos, "jpg", "webp"), state(photos, "xmp")
    done = mnclassify(str(photos), "--xmp")
    assert "sidecars: 3 unchanged" in done.stderr
    assert state(photos, "xmp") == sidecars
    # No model is asked for: there is none of this name.
    done = mnclassify(str(photos), "--xmp-remove", env={"MNCLASSIFY_MODEL": "no_such_model"})
    assert (done.returncode, done.stdout) == (0, "")
    assert "sidecars: 1 written, 2 deleted" in done.stderr
    assert list(state(photos, "xmp")) == ["cat.xmp"]
    left = (photos / "cat.xmp").read_text()
    assert ElementTree.canonicalize(left) == ElementTree.canonicalize(LIGHTROOM.decode())
    assert state(photos, "jpg", "webp") == images


def test_an_image_without_a_sure_label_gets_no_keywords_and_loses_ours(mnclassify: Run, photos: Path):
    astronaut, ours = photos / "astronaut.avif", photos / "astronaut.avif.xmp"
    shutil.copy(SAMPLES / "astronaut.avif", astronaut)
    assert "sidecars: none" in mnclassify(str(astronaut), "--xmp").stderr
    assert not ours.exists()
    ours.write_bytes(FIRST_VERSION)
    assert "sidecars: 1 deleted" in mnclassify(str(astronaut), "--xmp").stderr
    assert not ours.exists()


def test_a_sidecar_of_the_first_version_is_replaced(mnclassify: Run, photos: Path):
    (photos / "cat.xmp").write_bytes(FIRST_VERSION_BESIDE)
    assert mnclassify(str(photos), "--xmp").returncode == 0
    cat = read_back(photos)["cat.xmp"]
    assert cat["Subject"] == ["Oma's garden", *CAT]
    assert cat["HierarchicalSubject"] == ["places|Oma's garden", "|".join(["mnclassify", *CAT])]


def test_a_sidecar_that_cannot_be_edited_is_told_and_costs_no_row(mnclassify: Run, photos: Path):
    (photos / "cat.xmp").write_bytes(LIGHTROOM[:300])
    (photos / "empty.jpg").touch()
    done = mnclassify(str(photos), "--xmp", "-q")
    assert done.returncode == 4
    assert [row["status"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["ok", "error", "ok", "ok"]
    (line,) = done.stderr.splitlines()
    assert "cat.xmp: it is damaged" in line
    assert (photos / "cat.xmp").read_bytes() == LIGHTROOM[:300]
    assert sorted(state(photos, "xmp")) == ["cat.xmp", "espresso.webp.xmp", "rocket.jpg.xmp"]


def test_only_images_that_match_get_sidecars_and_standard_input_none(mnclassify: Run, photos: Path):
    done = mnclassify(str(photos), "--xmp", "--match", "espresso", "-f", "path")
    assert done.stdout == f"{photos}/espresso.webp\n"
    assert list(state(photos, "xmp")) == ["cat.xmp", "espresso.webp.xmp"]
    with (photos / "cat.jpg").open("rb") as image:
        done = mnclassify("-", "--xmp", stdin=image)
    assert done.returncode == 0
    assert "1 image without a local file" in done.stderr


def test_what_was_finished_before_is_not_labelled_again(mnclassify: Run, photos: Path, tmp_path: Path):
    table = str(tmp_path / "labels.csv")
    mnclassify(str(photos / "cat.jpg"), "-o", table)
    done = mnclassify(str(photos), "-o", table, "--resume", "--xmp")
    assert done.returncode == 0
    assert "the sidecars of 1 image finished earlier are left" in done.stderr
    assert (photos / "cat.xmp").read_bytes() == LIGHTROOM
    assert (photos / "espresso.webp.xmp").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--xmp", "--xmp-remove"], "leave --xmp out"),
        (["--xmp-remove", "--match", "*cat*"], "leave --match out"),
        (["--xmp-remove", "-o", "labels.csv"], "leave --output out"),
    ],
)
def test_options_that_do_not_go_together(mnclassify: Run, photos: Path, options: list[str], words: str):
    done = mnclassify(str(photos), *options)
    assert done.returncode == 2
    assert words in done.stderr


def test_removing_tells_what_it_cannot_look_at(mnclassify: Run, photos: Path):
    done = mnclassify(str(photos), "missing.jpg", "--xmp-remove")
    assert done.returncode == 1
    assert "missing.jpg: no such file" in done.stderr
    assert mnclassify(str(photos / "*.gif"), "--xmp-remove").returncode == 1


def test_the_documented_exiftool_commands_add_the_keywords_once_and_take_them_out(mnclassify: Run, photos: Path):
    image = photos / "rocket.jpg"
    exiftool = [program("exiftool"), "-q", "-overwrite_original"]
    subprocess.run([*exiftool, "-XMP-dc:Subject=holiday", "-XMP-dc:Subject=Anna", str(image)], check=True)
    assert mnclassify(str(image), "--xmp").returncode == 0
    guide = (ROOT / "docs" / "photo-libraries.md").read_text()
    take_out, add = [line for line in guide.splitlines() if line.startswith("exiftool -tagsfromfile")]

    def keywords() -> object:
        command = [program("exiftool"), "-json", "-XMP-dc:Subject", "-XMP-lr:HierarchicalSubject", str(image)]
        found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
        return found["Subject"], found.get("HierarchicalSubject")

    for command in (take_out, add, take_out, add):
        subprocess.run(["sh", "-c", command], cwd=photos.parent, check=True, capture_output=True)
    assert keywords() == (["holiday", "Anna", "object"], "mnclassify|object")
    subprocess.run(["sh", "-c", take_out], cwd=photos.parent, check=True, capture_output=True)
    assert keywords() == (["holiday", "Anna"], None)
