"""Copies and moves of one file: complete or not there, and never in another's place."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from sorting_runs import simulate_another_device, tree, write

from mobilenet_cli.sorting import transfer
from mobilenet_cli.sorting.transfer import TEMPORARY, copy, digest_of, move, rename, same_content


@pytest.fixture(params=["renameat2", "hard links", "neither"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to rename a file that replaces nothing."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if request.param != "renameat2":
        monkeypatch.setattr(transfer, "_renameat2", lambda: None)
    if request.param == "neither":
        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_a_file_is_renamed_and_replaces_nothing(tmp_path: Path):
    source = write(tmp_path / "a", b"a")
    rename(str(source), str(tmp_path / "b"))
    write(source, b"another")
    before = tree(tmp_path)
    with pytest.raises(FileExistsError):
        rename(str(source), str(tmp_path / "b"))
    (tmp_path / "nowhere").symlink_to("nothing")
    with pytest.raises(FileExistsError):
        rename(str(source), str(tmp_path / "nowhere"))
    (tmp_path / "nowhere").unlink()
    assert tree(tmp_path) == before
    assert (tmp_path / "b").read_bytes() == b"a"


@pytest.mark.usefixtures("way")
def test_a_missing_file_is_no_success(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        rename(str(tmp_path / "a"), str(tmp_path / "b"))


@pytest.mark.usefixtures("way")
def test_a_copy_replaces_nothing_and_leaves_nothing_half_done(tmp_path: Path):
    source = write(tmp_path / "a", bytes(3_000_000))
    write(tmp_path / TEMPORARY, b"of a run that was killed")
    digest = copy(str(source), str(tmp_path / "b"))
    assert digest == digest_of(str(source)) == digest_of(str(tmp_path / "b"))
    write(tmp_path / "c", b"c")
    before = tree(tmp_path)
    assert before["a"] == before["b"]
    with pytest.raises(FileExistsError):
        copy(str(source), str(tmp_path / "c"))
    assert tree(tmp_path) == before


def test_a_file_that_changes_while_it_is_copied_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = write(tmp_path / "a", b"a")
    fsync = os.fsync

    def change(descriptor: int) -> None:
        write(source, b"changed")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", change)
    with pytest.raises(OSError, match="changed while it was copied"):
        copy(str(source), str(tmp_path / "b"))
    assert list(tree(tmp_path)) == ["a"]


def test_across_file_systems_a_file_is_copied_compared_and_then_unlinked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = write(tmp_path / "1" / "a", b"a")
    (tmp_path / "2").mkdir()
    about = tree(tmp_path / "1")
    monkeypatch.setattr(transfer, "rename", transfer.rename)
    simulate_another_device(transfer)
    with monkeypatch.context() as patch:
        patch.setattr(transfer, "same_content", lambda *_: False)
        with pytest.raises(OSError, match="differs"):
            move(str(source), str(tmp_path / "2" / "a"))
    assert (tree(tmp_path / "1"), tree(tmp_path / "2")) == (about, {})
    move(str(source), str(tmp_path / "2" / "a"))
    assert (tree(tmp_path / "1"), tree(tmp_path / "2")) == ({}, about)


def test_contents_are_compared_to_the_last_byte(tmp_path: Path):
    one = write(tmp_path / "1", bytes(2_000_001))
    other = write(tmp_path / "2", bytes(2_000_000) + b"x")
    shorter = write(tmp_path / "3", bytes(2_000_000))
    assert not same_content(str(one), str(other))
    assert not same_content(str(one), str(shorter))
    assert same_content(str(one), str(write(tmp_path / "4", bytes(2_000_001))))
