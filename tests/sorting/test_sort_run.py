"""One run: what goes where, what comes along, what is never overwritten."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from sorting_runs import contents, make_photos, run, simulate_another_device, tree, undo_all, write

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.sorting import deeds, transfer
from mobilenet_cli.sorting.deeds import How
from mobilenet_cli.sorting.journal import NAME, open_journal
from mobilenet_cli.sorting.sort import NotSortedError, Sorter, open_sorter

HOWS: tuple[How, ...] = ("copy", "move", "link", "hard-link")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "sorted"


def dog(_: str) -> str:
    return "dog"


def names(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() and path.name != NAME
    )


def other_device() -> Path | None:
    shared_memory = Path("/dev/shm")
    return shared_memory if shared_memory.is_dir() and os.access(shared_memory, os.W_OK) else None


@pytest.mark.parametrize("how", HOWS)
def test_images_are_in_the_folders_of_their_labels_and_undo_puts_all_back(photos: Path, into: Path, how: How):
    make_photos(photos, 60)
    before, every = tree(photos.parent), set(contents(photos))
    outcomes = run(photos, into, how)
    assert len(outcomes) == 60
    for path, outcome in outcomes.items():
        assert not isinstance(outcome, str)
        assert (into / outcome.target).is_file()
        assert (photos / path).exists() == (how != "move")
    sorted_ones = {(into / each.target).read_bytes() for each in outcomes.values() if not isinstance(each, str)}
    assert len(sorted_ones) == 60
    assert set(contents(photos.parent)) == every
    assert sorted(path.name for path in into.iterdir() if path.is_dir()) == [
        "Border collie_collie",
        "cat",
        "dog",
        "unsorted",
    ]
    if how != "move":
        assert {name: each for name, each in tree(photos.parent).items() if name.startswith("photos")} == before | {}
    assert undo_all(into).left == []
    assert tree(photos.parent) == before


def test_copies_have_the_times_and_permissions(photos: Path, into: Path):
    image = write(photos / "a.jpg", b"a")
    image.chmod(0o640)
    run(photos, into, "copy", dog)
    assert tree(into / "dog")["a.jpg"] == tree(photos)["a.jpg"]


def test_links_are_relative_and_hard_links_are_the_same_file(photos: Path, into: Path, tmp_path: Path):
    image = write(photos / "deep" / "a.jpg", b"a")
    run(photos, into, "link", dog)
    assert str((into / "dog" / "a.jpg").readlink()) == "../../photos/deep/a.jpg"
    run(photos, tmp_path / "hard", "hard-link", dog)
    assert (tmp_path / "hard" / "dog" / "a.jpg").samefile(image)


@pytest.mark.parametrize("how", HOWS)
def test_again_there_is_nothing_to_do(photos: Path, into: Path, how: How):
    make_photos(photos, 20)
    run(photos, into, how)
    after = tree(photos.parent)
    assert run(photos, into, how) == {}
    assert tree(photos.parent) == after


def test_an_image_that_changed_is_sorted_again(photos: Path, into: Path):
    write(photos / "a.jpg", b"a")
    run(photos, into, "copy", dog)
    write(photos / "a.jpg", b"edited")
    run(photos, into, "copy", dog)
    assert names(into) == ["dog/a (2).jpg", "dog/a.jpg"]


@pytest.mark.parametrize("how", HOWS)
def test_same_name_and_other_content_gets_a_number_and_so_do_its_companions(photos: Path, into: Path, how: How):
    for number in range(3):
        folder = photos / str(number)
        write(folder / "IMG.jpg", b"image %d" % number)
        write(folder / "IMG.jpg.xmp", b"xmp %d" % number)
        write(folder / "IMG.mov", b"mov %d" % number)
    before = tree(photos.parent)
    run(photos, into, how, dog)
    assert names(into / "dog") == [
        *("IMG (2).jpg", "IMG (2).jpg.xmp", "IMG (2).mov", "IMG (3).jpg", "IMG (3).jpg.xmp", "IMG (3).mov"),
        *("IMG.jpg", "IMG.jpg.xmp", "IMG.mov"),
    ]
    for number, suffix in enumerate(("", " (2)", " (3)")):
        assert (into / "dog" / f"IMG{suffix}.jpg").read_bytes() == b"image %d" % number
        assert (into / "dog" / f"IMG{suffix}.jpg.xmp").read_bytes() == b"xmp %d" % number
    undo_all(into)
    assert tree(photos.parent) == before


def test_what_was_there_before_is_never_overwritten(photos: Path, into: Path):
    write(photos / "IMG.jpg", b"ours")
    write(into / "dog" / "IMG.jpg", b"theirs")
    before = tree(photos.parent)
    run(photos, into, "move", dog)
    assert (into / "dog" / "IMG.jpg").read_bytes() == b"theirs"
    assert (into / "dog" / "IMG (2).jpg").read_bytes() == b"ours"
    undo_all(into)
    assert tree(photos.parent) == before


@pytest.mark.parametrize("how", HOWS)
def test_the_same_content_is_there_once(photos: Path, into: Path, how: How):
    write(photos / "1" / "IMG.jpg", b"same")
    write(photos / "2" / "IMG.jpg", b"same")
    outcomes = run(photos, into, how, dog)
    assert [outcome.is_there for outcome in outcomes.values()] == [False, True]
    assert names(into) == ["dog/IMG.jpg"]
    # A file that needs no move is left where it is: nothing is deleted but what was copied.
    assert (photos / "2" / "IMG.jpg").exists()
    assert run(photos, into, how, dog) == {}


def test_the_same_image_with_another_sidecar_is_another(photos: Path, into: Path):
    for number in range(2):
        write(photos / str(number) / "IMG.jpg", b"same")
        write(photos / str(number) / "IMG.xmp", b"edit %d" % number)
    run(photos, into, "move", dog)
    assert names(into / "dog") == ["IMG (2).jpg", "IMG (2).xmp", "IMG.jpg", "IMG.xmp"]


def test_no_image_gets_between_another_and_its_companions(photos: Path, into: Path):
    write(photos / "1" / "IMG.jpg", b"1")
    write(photos / "1" / "IMG.MOV", b"1")
    write(photos / "2" / "IMG.png", b"2")
    run(photos, into, "move", dog)
    assert names(into / "dog") == ["IMG (2).png", "IMG.MOV", "IMG.jpg"]


def test_a_companion_that_another_file_needs_stays_and_is_copied(photos: Path, into: Path):
    write(photos / "IMG.jpg", b"jpg")
    write(photos / "IMG.CR2", b"raw")
    write(photos / "IMG.xmp", b"xmp")
    before = tree(photos.parent)
    run(photos, into, "move", dog)
    assert names(into) == ["dog/IMG.jpg", "dog/IMG.xmp"]
    assert names(photos) == ["IMG.CR2", "IMG.xmp"]
    undo_all(into)
    assert tree(photos.parent) == before


def test_labels_that_differ_in_case_share_a_folder(photos: Path, into: Path):
    (into / "DOG").mkdir(parents=True)
    for name, label in (("a.jpg", "dog"), ("b.jpg", "Cat"), ("c.jpg", "cat")):
        write(photos / name, name.encode())
        run(photos, into, "move", lambda _, label=label: label)
    assert names(into) == ["Cat/b.jpg", "Cat/c.jpg", "DOG/a.jpg"]


def test_names_of_bytes_that_are_no_text(photos: Path, into: Path):
    write(Path(os.fsdecode(bytes(photos) + b"/\xff\xfe.jpg")), b"a")
    before = tree(photos.parent)
    run(photos, into, "move", dog)
    assert names(into / "dog") == [os.fsdecode(b"\xff\xfe.jpg")]
    undo_all(into)
    assert tree(photos.parent) == before


def test_the_destination_inside_the_source_is_not_sorted_again(photos: Path):
    make_photos(photos, 10)
    before = tree(photos.parent)
    assert len(run(photos, photos / "sorted", "copy")) == 10
    assert run(photos, photos / "sorted", "copy") == {}
    undo_all(photos / "sorted")
    assert tree(photos.parent) == before


def test_a_plan_is_what_a_run_does(photos: Path, into: Path):
    make_photos(photos, 40)
    for number in range(3):
        write(photos / str(number) / "IMG.jpg", b"image %d" % (number // 2))
    before = tree(photos.parent)
    sorter = Sorter(str(into), "copy", "label", None)
    images = sorted(path for path in map(str, photos.rglob("*")) if path.endswith((".jpg", ".heic")))
    planned = {str(Path(path).relative_to(photos)): sorter.put(path, dog(path)) for path in images}
    assert tree(photos.parent) == before
    assert planned == run(photos, into, "copy", dog)


def test_two_runs_at_once_are_refused(into: Path):
    with open_sorter(str(into), "copy", ""):
        with pytest.raises(OutputError, match="another run is sorting"), open_sorter(str(into), "copy", ""):
            pass
        with pytest.raises(OutputError, match="another run is sorting"):
            undo_all(into)


def test_what_cannot_be_a_destination(tmp_path: Path):
    file = write(tmp_path / "file", b"")
    with pytest.raises(InputError, match="is no folder"), open_sorter(str(file), "copy", ""):
        pass
    with pytest.raises(InputError, match="there is no folder"), open_sorter(str(tmp_path / "a" / "b"), "copy", ""):
        pass
    with pytest.raises(InputError, match="nothing to undo"):
        undo_all(tmp_path)


def test_a_file_in_the_place_of_a_folder_costs_that_label_alone(photos: Path, into: Path):
    write(photos / "a.jpg", b"a")
    write(photos / "b.jpg", b"b")
    write(into / "dog", b"no folder")
    outcomes = run(photos, into, "move", lambda path: "dog" if path.endswith("a.jpg") else "cat")
    assert "dog is no folder" in str(outcomes["a.jpg"])
    assert names(into) == ["cat/b.jpg", "dog"]


def test_a_symbolic_link_is_copied_as_its_file_and_not_moved(photos: Path, into: Path, tmp_path: Path):
    write(tmp_path / "elsewhere.jpg", b"a")
    photos.mkdir()
    (photos / "a.jpg").symlink_to("../elsewhere.jpg")
    assert "symbolic link" in str(run(photos, into, "move", dog)["a.jpg"])
    assert (photos / "a.jpg").is_symlink()
    run(photos, into, "copy", dog)
    assert (into / "dog" / "a.jpg").read_bytes() == b"a"
    assert not (into / "dog" / "a.jpg").is_symlink()


@pytest.mark.parametrize("how", ["copy", "move"])
def test_a_destination_that_is_read_only_is_told_at_once(unprivileged: Path, how: How):
    photos = unprivileged / "photos"
    write(photos / "a.jpg", b"a")
    into = unprivileged / "sorted"
    into.mkdir(mode=0o500)
    with pytest.raises(OutputError, match=r"cannot write to .*sorted: Permission denied"):
        run(photos, into, how, dog)
    assert names(photos) == ["a.jpg"]


@pytest.mark.parametrize("how", HOWS)
def test_a_folder_that_is_read_only_costs_its_images_alone(unprivileged: Path, how: How):
    photos, into = unprivileged / "photos", unprivileged / "sorted"
    for name in ("a.jpg", "a.jpg.xmp", "b.jpg"):
        write(photos / name, name.encode())
    (into / "dog").mkdir(parents=True)
    (into / "dog").chmod(0o500)
    before = tree(photos)
    outcomes = run(photos, into, how, lambda path: "dog" if path.endswith("a.jpg") else "cat")
    assert "Permission denied" in str(outcomes["a.jpg"])
    assert names(into) == ["cat/b.jpg"]
    assert {name: before[name] for name in ("a.jpg", "a.jpg.xmp")}.items() <= tree(photos).items()
    undo_all(into)
    assert tree(photos) == before


@pytest.mark.parametrize("across", [False, True])
def test_an_image_that_cannot_be_taken_from_its_folder_stays(
    unprivileged: Path, monkeypatch: pytest.MonkeyPatch, across: bool
):
    photos, into = unprivileged / "photos", unprivileged / "sorted"
    for name in ("a.jpg", "a.jpg.xmp"):
        write(photos / name, name.encode())
    photos.chmod(0o500)
    if across:
        monkeypatch.setattr(transfer, "rename", transfer.rename)
        simulate_another_device(transfer)
    try:
        assert "Permission denied" in str(run(photos, into, "move", dog)["a.jpg"])
    finally:
        photos.chmod(0o700)
    assert names(photos) == ["a.jpg", "a.jpg.xmp"]
    assert names(into) == []


def test_an_image_of_which_a_companion_cannot_be_sorted_stays(
    photos: Path, into: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("a.jpg", "a.mov", "a.jpg.xmp"):
        write(photos / name, name.encode())
    before = tree(photos)
    way = deeds.move

    def move(source: str, target: str) -> None:
        if source.endswith("/a.jpg"):
            raise PermissionError(errno.EACCES, "Permission denied")
        way(source, target)

    monkeypatch.setattr(deeds, "move", move)
    assert run(photos, into, "move", dog) == {"a.jpg": "Permission denied"}
    assert tree(photos) == before
    assert names(into) == []


def test_a_full_disk_ends_the_run_and_the_next_one_resumes(photos: Path, into: Path, monkeypatch: pytest.MonkeyPatch):
    make_photos(photos, 20)
    every = set(contents(photos))
    way, left = transfer._write, 5

    def write_some(source: str, temporary: str) -> str:
        nonlocal left
        left -= 1
        if left < 0:
            Path(temporary).write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return way(source, temporary)

    with monkeypatch.context() as patch:
        patch.setattr(transfer, "_write", write_some)
        with pytest.raises(OutputError, match="No space left"):
            run(photos, into, "copy")
    assert not [path for path in into.rglob(".*") if path.name != NAME]
    run(photos, into, "copy")
    assert set(contents(into)) == every


@pytest.mark.skipif(other_device() is None, reason="needs a second file system in /dev/shm")
def test_a_move_to_another_file_system_and_back(photos: Path):
    make_photos(photos, 20)
    before, every = tree(photos), set(contents(photos))
    with tempfile.TemporaryDirectory(dir=other_device()) as folder:
        into = Path(folder) / "sorted"
        if Path(folder).stat().st_dev == photos.stat().st_dev:
            pytest.skip("needs a second file system in /dev/shm")
        run(photos, into, "move")
        assert set(contents(into)) == every
        assert not contents(photos)
        assert undo_all(into).left == []
        assert not into.exists()
        assert tree(photos) == before
        outcome = next(iter(run(photos, into, "hard-link").values()))
        assert "use a copy or --link" in str(outcome)
        undo_all(into)
        assert tree(photos) == before


def test_a_name_that_another_program_takes_meanwhile_costs_a_number(
    photos: Path, into: Path, monkeypatch: pytest.MonkeyPatch
):
    write(photos / "a.jpg", b"ours")
    way = transfer.copy

    def copy(source: str, target: str) -> str:
        if target.endswith("/a.jpg"):
            Path(target).write_bytes(b"theirs")
        return way(source, target)

    monkeypatch.setattr(deeds, "copy", copy)
    run(photos, into, "copy", dog)
    assert (into / "dog" / "a.jpg").read_bytes() == b"theirs"
    assert (into / "dog" / "a (2).jpg").read_bytes() == b"ours"
    assert undo_all(into).left == []
    assert names(into) == ["dog/a.jpg"]


def test_a_journal_that_is_damaged_or_leads_out_is_refused(photos: Path, into: Path):
    write(photos / "a.jpg", b"a")
    run(photos, into, "move", dog)
    journal = into / NAME
    good = journal.read_text()
    for bad in (good.replace('"dog/a.jpg"', '"../a.jpg"'), good.replace('{"unit"', '{"other"'), "[]\n", "{\n"):
        journal.write_text(bad)
        with pytest.raises(OutputError, match="cannot be used"), open_journal(str(into), create=False):
            pass
    journal.write_text(good.replace('{"sort": 1', '{"sort": 2'))
    with pytest.raises(OutputError, match="another version"):
        undo_all(into)


def test_a_run_that_sorts_nothing_leaves_nothing_behind(photos: Path, into: Path):
    photos.mkdir()
    assert run(photos, into, "copy") == {}
    assert not into.exists()
    into.mkdir()
    assert run(photos, into, "copy") == {}
    assert list(into.iterdir()) == []


def test_a_missing_image_is_told(into: Path, tmp_path: Path):
    with open_sorter(str(into), "copy", "") as sorter, pytest.raises(NotSortedError, match="No such file"):
        sorter.put(str(tmp_path / "gone.jpg"), "dog")
