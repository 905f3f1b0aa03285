"""Which files go where an image goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sorting_runs import write

from mobilenet_cli.sorting.companions import companions_of


def found(folder: Path, image: str, *others: str) -> dict[str, bool]:
    """The names of the companions of an image, each with whether it is needed by another file too."""
    for name in (image, *others):
        write(folder / name, name.encode())
    return {Path(each.path).name: each.is_needed for each in companions_of(str(folder / image))}


@pytest.mark.parametrize(
    "name",
    ["IMG.xmp", "IMG.XMP", "IMG.jpg.xmp", "IMG.jpg.XMP", "IMG.mov", "IMG.MOV", "IMG.mp4", "IMG.AAE", "IMG.aae"],
)
def test_sidecars_edits_and_videos_are_companions(tmp_path: Path, name: str):
    assert found(tmp_path, "IMG.jpg", name) == {name: False}


def test_the_sidecar_of_a_video_is_one_too(tmp_path: Path):
    assert found(tmp_path, "IMG.heic", "IMG.mov", "IMG.mov.xmp") == {"IMG.mov": False, "IMG.mov.xmp": False}


def test_other_files_are_none(tmp_path: Path):
    others = ("IMG2.xmp", "IMG.txt", "IMG.png.xmp", "IMG.jpg.mov", "XIMG.mov", "IMG (2).xmp")
    assert found(tmp_path, "IMG.jpg", *others) == {}


@pytest.mark.parametrize("other", ["IMG.png", "IMG.PNG", "IMG.cr2", "IMG.NEF", "IMG.JPEG"])
def test_what_another_image_or_raw_file_of_the_name_needs_is_marked(tmp_path: Path, other: str):
    names = ("IMG.xmp", "IMG.mov", "IMG.mov.xmp", "IMG.jpg.xmp")
    assert found(tmp_path, "IMG.jpg", other, *names) == {
        "IMG.xmp": True,
        "IMG.mov": True,
        "IMG.mov.xmp": True,
        "IMG.jpg.xmp": False,
    }


def test_only_regular_files_go_along(tmp_path: Path):
    (tmp_path / "IMG.mov").mkdir()
    (tmp_path / "IMG.xmp").symlink_to("elsewhere.xmp")
    assert found(tmp_path, "IMG.jpg") == {}


def test_an_image_without_an_ending(tmp_path: Path):
    assert found(tmp_path, "IMG", "IMG.xmp") == {"IMG.xmp": False}
