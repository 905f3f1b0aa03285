"""Killed at any moment, no file is lost, a second run completes the first, and --undo brings back what there was."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import sorting_runs
from sorting_runs import contents, killed_at, make_photos, run, tree, undo_all, write
from unmeasured import unmeasured

from mobilenet_cli.sorting import transfer
from mobilenet_cli.sorting.deeds import How
from mobilenet_cli.sorting.journal import NAME

HOWS: tuple[How, ...] = ("copy", "move", "link", "hard-link")


def dog(_: str) -> str:
    return "dog"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two images, their companions, and one of the same name."""
    folder = tmp_path / "photos"
    for name in ("1/IMG.jpg", "1/IMG.jpg.xmp", "1/IMG.mov", "2/IMG.jpg"):
        write(folder / name, name.encode() * 100)
    transfer._renameat2()  # imported before the fork
    return folder


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill loses nothing that was written; only a power cut does, and no test can have one."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "sorted"


def assert_complete(photos: Path, into: Path, how: How) -> None:
    """Check that each file is sorted under its own name, once, and that nothing is left of what was under way."""
    expected = {
        "IMG.jpg": b"1/IMG.jpg" * 100,
        "IMG.jpg.xmp": b"1/IMG.jpg.xmp" * 100,
        "IMG.mov": b"1/IMG.mov" * 100,
        "IMG (2).jpg": b"2/IMG.jpg" * 100,
    }
    assert {path.name: path.read_bytes() for path in (into / "dog").iterdir()} == expected
    assert sorted(path.name for path in into.iterdir()) == [NAME, "dog"]
    assert [path.is_file() for path in photos.rglob("*.*")] == [how != "move"] * (0 if how == "move" else 4)
    assert sorted(path.name for path in photos.parent.iterdir()) == ["photos", "sorted"]


WAYS = [(how, False) for how in HOWS] + [("move", True)]


@pytest.mark.parametrize("cut_writes", [False, True])
@pytest.mark.parametrize(("how", "other_device"), WAYS)
def test_a_kill_at_any_step_of_a_run(photos: Path, into: Path, how: How, other_device: bool, cut_writes: bool):
    before, every = tree(photos.parent), contents(photos)
    for step in range(10_000):
        sort = partial(run, photos, into, how, dog)
        was_killed = killed_at(step, sort, other_device=other_device, cut_writes=cut_writes)
        assert set(contents(photos.parent)) >= set(every)
        if step % 2:
            run(photos, into, how, dog)
            assert_complete(photos, into, how)
        if was_killed and not into.exists():
            run(photos, into, how, dog)
        assert undo_all(into).left == []
        assert tree(photos.parent) == before
        if not was_killed:
            break
    assert step > 15


@pytest.mark.parametrize(("how", "other_device"), WAYS)
def test_a_kill_at_any_step_of_an_undo(photos: Path, into: Path, how: How, other_device: bool):
    before, every = tree(photos.parent), contents(photos)
    for step in range(10_000):
        run(photos, into, how, dog)
        was_killed = killed_at(step, partial(undo_all, into), other_device=other_device)
        assert set(contents(photos.parent)) >= set(every)
        if was_killed:
            assert undo_all(into).left == []
        assert tree(photos.parent) == before
        if not was_killed:
            break
    assert step > 8


def test_kills_one_after_the_other_still_get_to_the_end(photos: Path, into: Path):
    before = tree(photos.parent)
    choose = random.Random(1)
    for action in (partial(run, photos, into, "move", dog), partial(undo_all, into)):
        while killed_at(choose.randrange(10, 40), action, other_device=True):
            pass
    assert tree(photos.parent) == before


def test_without_exclusive_renaming_and_without_hard_links(photos: Path, into: Path, monkeypatch: pytest.MonkeyPatch):
    before = tree(photos.parent)
    for without_links in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(transfer, "_renameat2", lambda: None)
            if without_links:
                patch.setattr(os, "link", refuse)
            for step in range(10_000):
                was_killed = killed_at(step, partial(run, photos, into, "move", dog))
                run(photos, into, "move", dog)
                assert_complete(photos, into, "move")
                undo_all(into)
                assert tree(photos.parent) == before
                if not was_killed:
                    break


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_run_after_an_undo_that_was_killed_is_refused(photos: Path, into: Path):
    from mobilenet_cli.errors import OutputError

    run(photos, into, "move", dog)
    assert killed_at(8, partial(undo_all, into))
    with pytest.raises(OutputError, match="complete it first, with --undo"):
        run(photos, into, "move", dog)


def start(*arguments: object) -> subprocess.Popen[bytes]:
    environment = unmeasured(PYTHONPATH=str(Path(__file__).parents[2]))
    return subprocess.Popen([sys.executable, sorting_runs.__file__, *map(str, arguments)], env=environment)


def kill_at_random(choose: random.Random, longest: float, *arguments: object) -> bool:
    """Start a run, kill it at a random moment, and return whether it was still alive."""
    process = start(*arguments)
    time.sleep(choose.uniform(0.1, longest))
    process.kill()
    return process.wait() != 0


@pytest.mark.slow
@pytest.mark.parametrize("how", HOWS)
def test_a_thousand_images_killed_twenty_times_are_sorted_and_come_back(tmp_path: Path, kills: int | None, how: How):
    photos, into = tmp_path / "photos", tmp_path / "sorted"
    make_photos(photos, 1000, seed=HOWS.index(how))
    before, every = tree(tmp_path), set(contents(photos))
    choose = random.Random(how)
    attempts = kills or 20
    killed = sum(kill_at_random(choose, 0.1 + 0.1 * (each % 20), how, photos, into) for each in range(attempts))
    assert killed >= 5
    assert set(contents(tmp_path)) == every
    assert start(how, photos, into).wait() == 0
    assert {path.read_bytes() for path in into.rglob("*") if path.is_file() and path.name != NAME} == every
    after = tree(tmp_path)
    assert start(how, photos, into).wait() == 0
    assert tree(tmp_path) == after
    for each in range(attempts):
        if into.exists():
            kill_at_random(choose, 0.1 + 0.05 * (each % 20), "undo", into)
    assert set(contents(tmp_path)) == every
    if into.exists():
        assert start("undo", into).wait() == 0
    assert tree(tmp_path) == before
