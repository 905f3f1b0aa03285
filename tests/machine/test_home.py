"""The model store's folder, also where the home folder cannot be written."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobilenet_cli.errors import StoreError, StoreWarning
from mobilenet_cli.machine import home as module
from mobilenet_cli.machine.home import home


@pytest.fixture
def cache(unprivileged: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The cache folder of a user who is not root, with temporary files of the test's own."""
    monkeypatch.delenv("MNCLASSIFY_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(unprivileged / "cache"))
    (unprivileged / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(unprivileged / "tmp"))
    module._temporary.cache_clear()
    yield unprivileged / "cache"
    module._temporary.cache_clear()
    for folder in (unprivileged, *unprivileged.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o700)


def quiet_home() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return home()


def test_it_is_in_the_cache_folder_where_that_can_be_made(cache: Path):
    assert quiet_home() == cache / "mnclassify"
    assert not cache.exists(), "looking for it makes nothing"


def test_where_the_cache_cannot_be_written_it_is_a_private_temporary_folder_and_says_so_once(cache: Path):
    cache.mkdir(mode=0o500)
    with pytest.warns(StoreWarning, match=f"cannot write to {cache}/mnclassify; models are kept in ") as said:
        found = home()
    assert len(said) == 1
    assert "\n" not in str(said[0].message)
    assert found.parent == cache.parent / "tmp"
    assert found.stat().st_mode & 0o777 == 0o700
    (found / "models").mkdir()
    assert quiet_home() == found


def test_a_store_that_can_only_be_read_is_read(cache: Path):
    (cache / "mnclassify" / "models").mkdir(parents=True)
    (cache / "mnclassify").chmod(0o500)
    assert quiet_home() == cache / "mnclassify"


def test_a_folder_that_was_chosen_is_never_replaced(cache: Path, monkeypatch: pytest.MonkeyPatch):
    cache.mkdir(mode=0o500)
    monkeypatch.setenv("MNCLASSIFY_HOME", str(cache / "store"))
    assert quiet_home() == cache / "store"


def test_a_folder_that_others_can_write_or_have_planted_is_not_taken(cache: Path):
    cache.mkdir(mode=0o500)
    temporary = cache.parent / "tmp"
    with pytest.warns(StoreWarning):
        own = home()
    module._temporary.cache_clear()
    own.chmod(0o777)
    with pytest.raises(StoreError, match="is not a private folder of this user"):
        home()
    own.rmdir()
    (temporary / "elsewhere").mkdir(mode=0o700)
    own.symlink_to(temporary / "elsewhere")
    with pytest.raises(StoreError, match="is not a private folder of this user"):
        home()


def test_where_nothing_can_be_written_the_error_says_what_to_set(cache: Path):
    cache.mkdir(mode=0o500)
    (cache.parent / "tmp").chmod(0o500)
    with pytest.raises(StoreError, match="MNCLASSIFY_HOME sets another folder"):
        home()
