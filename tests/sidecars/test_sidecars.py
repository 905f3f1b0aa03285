"""Which file is an image's sidecar, and how it is replaced: whole, in one step, and nothing else touched."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest
from xmp_samples import LIGHTROOM

from mobilenet_cli.errors import OutputError, SidecarError
from mobilenet_cli.sidecars.files import SidecarName, remove_keywords, sidecar_of, write_keywords

CATS = ("animal", "cat", "tabby")


def write(image: Path) -> str:
    return write_keywords(str(image), CATS, "some_model")


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "IMG.jpg"
    file.write_bytes(b"not opened")
    return file


@pytest.mark.parametrize(
    ("files", "sidecar"),
    [
        ([], "IMG.jpg.xmp"),
        (["IMG.jpg.xmp"], "IMG.jpg.xmp"),
        (["IMG.jpg.XMP"], "IMG.jpg.XMP"),
        (["IMG.xmp"], "IMG.xmp"),
        (["IMG.XMP"], "IMG.XMP"),
        (["IMG.xmp", "IMG.jpg.xmp"], "IMG.jpg.xmp"),
        (["IMG.xmp", "IMG.CR3"], "IMG.xmp"),
        (["IMG.CR3.xmp", "IMG.CR3"], "IMG.jpg.xmp"),
        (["IMG.xmp", "IMG.png"], "IMG.jpg.xmp"),
        (["IMG.xmp", "IMG.HEIC"], "IMG.jpg.xmp"),
        (["IMG_01.jpg.xmp"], "IMG.jpg.xmp"),
    ],
)
def test_which_file_is_the_sidecar(image: Path, files: list[str], sidecar: str):
    for name in files:
        (image.parent / name).write_bytes(LIGHTROOM)
    assert sidecar_of(str(image)) == str(image.parent / sidecar)


@pytest.mark.parametrize(
    ("name", "files", "sidecar"),
    [
        ("full", [], "IMG.jpg.xmp"),
        ("full", ["IMG.xmp"], "IMG.jpg.xmp"),
        ("full", ["IMG.jpg.XMP"], "IMG.jpg.XMP"),
        ("stem", [], "IMG.xmp"),
        ("stem", ["IMG.jpg.xmp"], "IMG.xmp"),
        ("stem", ["IMG.XMP"], "IMG.XMP"),
    ],
)
def test_the_name_of_the_sidecar_may_be_given(image: Path, name: SidecarName, files: list[str], sidecar: str):
    for each in files:
        (image.parent / each).touch()
    assert sidecar_of(str(image), name) == str(image.parent / sidecar)


def test_one_sidecar_is_not_given_to_two_images(image: Path):
    image.with_suffix(".png").touch()
    with pytest.raises(SidecarError, match=r"would belong to two images, .*--sidecar-name full"):
        write_keywords(str(image), CATS, "some_model", "stem")
    assert not image.with_suffix(".xmp").exists()


def test_two_images_of_one_name_do_not_take_turns_in_one_sidecar(image: Path):
    shared, other = image.with_suffix(".xmp"), image.with_suffix(".png")
    shared.write_bytes(LIGHTROOM)
    other.touch()
    assert (write(image), write_keywords(str(other), ("quilt",), "some_model")) == ("written", "written")
    assert (write(image), write_keywords(str(other), ("quilt",), "some_model")) == ("unchanged", "unchanged")
    assert shared.read_bytes() == LIGHTROOM


def test_written_once_then_left_and_deleted_in_the_end(image: Path):
    assert write(image) == "written"
    sidecar = Path(f"{image}.xmp")
    before, stat = sidecar.read_bytes(), sidecar.stat()
    assert write(image) == "unchanged"
    assert (sidecar.read_bytes(), sidecar.stat().st_mtime_ns, sidecar.stat().st_ino) == (
        before,
        stat.st_mtime_ns,
        stat.st_ino,
    )
    assert remove_keywords(str(image)) == ["deleted"]
    assert remove_keywords(str(image)) == []
    assert names(image.parent) == ["IMG.jpg"]
    assert image.read_bytes() == b"not opened"


def test_an_image_without_keywords_gets_no_sidecar_and_loses_the_one_we_made(image: Path):
    assert write_keywords(str(image), (), "some_model") == "none"
    write(image)
    assert write_keywords(str(image), (), "some_model") == "deleted"
    assert names(image.parent) == ["IMG.jpg"]


def test_removing_finds_ours_in_the_sidecars_of_both_customs(image: Path):
    shared = image.with_suffix(".xmp")
    shared.write_bytes(LIGHTROOM)
    write(image)
    (image.parent / "IMG.jpg.xmp").write_bytes(shared.read_bytes())
    assert remove_keywords(str(image)) == ["written", "written"]
    assert b"mnclassify" not in shared.read_bytes() + (image.parent / "IMG.jpg.xmp").read_bytes()


def test_permissions_stay_and_new_ones_are_the_users(image: Path):
    sidecar = image.with_suffix(".xmp")
    sidecar.write_bytes(LIGHTROOM)
    sidecar.chmod(0o640)
    write(image)
    assert sidecar.stat().st_mode & 0o777 == 0o640
    mask = os.umask(0o027)
    try:
        write_keywords(str(image.parent / "other.jpg"), CATS, "some_model")
    finally:
        os.umask(mask)
    assert (image.parent / "other.jpg.xmp").stat().st_mode & 0o777 == 0o640


def test_a_damaged_sidecar_is_left_alone(image: Path):
    sidecar = Path(f"{image}.xmp")
    sidecar.write_bytes(LIGHTROOM[:500])
    with pytest.raises(SidecarError, match=r"cannot edit .*IMG\.jpg\.xmp: it is damaged.*left as it was"):
        write(image)
    with pytest.raises(SidecarError, match="damaged"):
        remove_keywords(str(image))
    assert sidecar.read_bytes() == LIGHTROOM[:500]


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_is_neither_followed_nor_replaced(image: Path, tmp_path: Path, dangling: bool):
    target = tmp_path / "elsewhere"
    if not dangling:
        target.write_bytes(LIGHTROOM)
    Path(f"{image}.xmp").symlink_to(target)
    with pytest.raises(SidecarError, match="symbolic link"):
        write(image)
    assert Path(f"{image}.xmp").is_symlink()
    assert not target.exists() if dangling else target.read_bytes() == LIGHTROOM


def test_what_is_no_file_is_refused_and_not_waited_for(image: Path):
    os.mkfifo(f"{image}.xmp")
    with pytest.raises(SidecarError, match="not a regular file"):
        write(image)


def test_a_folder_that_is_read_only_is_a_failure_of_this_output(unprivileged: Path):
    image = unprivileged / "IMG.jpg"
    image.touch()
    unprivileged.chmod(0o555)
    with pytest.raises(OutputError, match=r"cannot write .*IMG\.jpg\.xmp: Permission denied"):
        write(image)
    unprivileged.chmod(0o755)
    assert names(unprivileged) == ["IMG.jpg"]


def test_a_write_protected_sidecar_is_left_alone_unless_nothing_would_change(unprivileged: Path):
    image, sidecar = unprivileged / "IMG.jpg", unprivileged / "IMG.jpg.xmp"
    image.touch()
    sidecar.write_bytes(LIGHTROOM)
    sidecar.chmod(0o444)
    with pytest.raises(SidecarError, match="Permission denied"):
        write(image)
    assert sidecar.read_bytes() == LIGHTROOM
    assert remove_keywords(str(image)) == ["unchanged"]


def test_a_name_that_leaves_no_room_for_the_ending_is_a_clear_failure(tmp_path: Path):
    image = tmp_path / f"{'x' * 250}.jpg"
    image.touch()
    with pytest.raises(SidecarError, match="File name too long"):
        write(image)


def test_names_that_are_not_utf8_get_sidecars(tmp_path: Path):
    image = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")
    assert write_keywords(image, CATS, "some_model") == "written"
    assert names(tmp_path) == ["caf\udce9.jpg.xmp"]


def test_two_runs_at_once_leave_a_whole_sidecar_with_the_persons_keywords(image: Path):
    sidecar = image.with_suffix(".xmp")
    sidecar.write_bytes(LIGHTROOM)
    torn: list[Exception] = []

    def run(keyword: str) -> None:
        try:
            for number in range(60):
                write_keywords(str(image), (f"{keyword}{number}",), "some_model")
                text = sidecar.read_bytes()
                ElementTree.fromstring(text)
                assert b"Oma's garden" in text
        except Exception as error:  # in a thread, it would be lost
            torn.append(error)

    threads = [threading.Thread(target=run, args=(keyword,)) for keyword in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torn == []
    assert names(image.parent) == ["IMG.jpg", "IMG.xmp"]
    assert sidecar.read_bytes().count(b"mnclassify|") == 1
