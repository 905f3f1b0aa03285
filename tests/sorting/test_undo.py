"""What --undo removes, what it moves back, and what it leaves because somebody has worked on it since."""

from __future__ import annotations

from pathlib import Path

import pytest
from sorting_runs import run, tree, undo_all, write

from mobilenet_cli.errors import InputError
from mobilenet_cli.sorting.deeds import How
from mobilenet_cli.sorting.journal import NAME


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("a.jpg", "b.jpg"):
        write(folder / name, name.encode())
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "sorted"


def sort(photos: Path, into: Path, how: How) -> None:
    run(photos, into, how, lambda _: "dog")


def test_a_copy_that_was_changed_is_left_and_told(photos: Path, into: Path):
    sort(photos, into, "copy")
    write(into / "dog" / "a.jpg", b"A.jpg")  # of the same size and time
    undone = undo_all(into)
    assert (undone.images, undone.left) == (1, [("dog/a.jpg", "it was changed since")])
    assert (into / "dog" / "a.jpg").read_bytes() == b"A.jpg"
    assert not (into / "dog" / "b.jpg").exists()


def test_a_copy_is_left_where_its_image_is_gone(photos: Path, into: Path):
    sort(photos, into, "copy")
    (photos / "a.jpg").unlink()
    assert undo_all(into).left == [("dog/a.jpg", "what it was made from is gone")]
    assert (into / "dog" / "a.jpg").read_bytes() == b"a.jpg"


def test_a_copy_is_removed_where_its_image_was_edited(photos: Path, into: Path):
    sort(photos, into, "copy")
    write(photos / "a.jpg", b"edited")
    assert undo_all(into).left == []
    assert not into.exists()
    assert (photos / "a.jpg").read_bytes() == b"edited"


def test_what_is_left_can_be_put_back_later(photos: Path, into: Path):
    before = tree(photos.parent)
    sort(photos, into, "move")
    write(photos / "a.jpg", b"another")
    undone = undo_all(into)
    assert undone.left == [("dog/a.jpg", "another file is in its place")]
    assert undo_all(into).left == undone.left
    (photos / "a.jpg").unlink()
    assert undo_all(into).left == []
    assert tree(photos.parent) == before
    with pytest.raises(InputError, match="nothing to undo"):
        undo_all(into)


def test_after_an_undo_that_left_something_images_can_be_sorted(photos: Path, into: Path):
    sort(photos, into, "copy")
    write(into / "dog" / "a.jpg", b"mine")
    undo_all(into)
    sort(photos, into, "copy")
    assert (into / "dog" / "a.jpg").read_bytes() == b"mine"
    assert (into / "dog" / "b.jpg").read_bytes() == b"b.jpg"


def test_a_moved_image_that_was_edited_comes_back_as_it_is(photos: Path, into: Path):
    sort(photos, into, "move")
    write(into / "dog" / "a.jpg", b"edited")
    assert undo_all(into).left == []
    assert (photos / "a.jpg").read_bytes() == b"edited"


def test_a_folder_that_was_emptied_and_removed_is_made_again(photos: Path, into: Path):
    before = tree(photos.parent)
    sort(photos, into, "move")
    photos.rmdir()
    undo_all(into)
    assert tree(photos.parent) == before


@pytest.mark.parametrize("how", ["copy", "move", "link", "hard-link"])
def test_what_was_deleted_since_is_no_obstacle(photos: Path, into: Path, how: How):
    sort(photos, into, how)
    (into / "dog" / "a.jpg").unlink()
    assert undo_all(into).left == []
    assert not into.exists()


def test_links_that_lead_elsewhere_are_left(photos: Path, into: Path):
    sort(photos, into, "link")
    (into / "dog" / "a.jpg").unlink()
    (into / "dog" / "a.jpg").symlink_to("elsewhere")
    assert undo_all(into).left == [("dog/a.jpg", "it was changed since")]


def test_a_hard_link_goes_where_the_image_was_replaced_and_stays_where_it_was_replaced_itself(photos: Path, into: Path):
    sort(photos, into, "hard-link")
    write(photos / "new", b"saved by an editor").replace(photos / "a.jpg")
    write(photos / "new", b"another").replace(into / "dog" / "b.jpg")
    assert undo_all(into).left == [("dog/b.jpg", "it was changed since")]
    assert [path.name for path in (into / "dog").iterdir()] == ["b.jpg"]


def test_folders_that_were_there_or_are_in_use_stay(photos: Path, into: Path):
    (into / "dog").mkdir(parents=True)
    before = tree(photos.parent)
    sort(photos, into, "copy")
    undo_all(into)
    assert tree(photos.parent) == before
    sort(photos, into, "copy")
    write(into / "dog" / "mine.txt", b"mine")
    undo_all(into)
    assert [path.name for path in into.rglob("*")] == ["dog", "mine.txt"]


def test_the_sorted_folder_may_have_moved(photos: Path, into: Path, tmp_path: Path):
    sort(photos, into, "move")
    into.rename(tmp_path / "elsewhere")
    undo_all(tmp_path / "elsewhere")
    assert sorted(path.name for path in photos.iterdir()) == ["a.jpg", "b.jpg"]
    assert not (tmp_path / "elsewhere").exists()


def test_several_runs_are_undone_together(photos: Path, into: Path):
    before = tree(photos.parent)
    sort(photos, into, "copy")
    run(photos, into, "link", lambda _: "cat")
    run(photos, into, "move", lambda _: "beagle")
    assert not list(photos.iterdir())
    assert undo_all(into).images == 6
    assert tree(photos.parent) == before


def test_a_file_that_cannot_be_put_back_is_told(unprivileged: Path):
    photos, into = unprivileged / "photos", unprivileged / "sorted"
    write(photos / "a.jpg", b"a")
    sort(photos, into, "move")
    photos.chmod(0o500)
    try:
        assert undo_all(into).left == [("dog/a.jpg", "Permission denied")]
    finally:
        photos.chmod(0o700)
    assert (into / "dog" / "a.jpg").read_bytes() == b"a"
    assert (into / NAME).exists()
    assert undo_all(into).left == []
