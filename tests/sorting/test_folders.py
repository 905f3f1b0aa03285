"""Labels as names of folders that every file system can hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobilenet_cli.sorting.folders import Folders, folder_name


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("dog", "dog"),
        ("Border collie", "Border collie"),
        ("crème brûlée", "crème brûlée"),
        ("cre\u0300me", "crème"),
        ("a/b\\c:d", "a_b_c_d"),
        ("../../etc", "_.._etc"),
        ("..", "_"),
        (".hidden", "hidden"),
        ("", "_"),
        ("con", "con_"),
        ("LPT1.txt", "LPT1.txt_"),
        ("end. ", "end"),
        ("two\nlines", "two_nlines"),
        ("\x1b[31mred", "_x1b[31mred"),
    ],
)
def test_a_label_is_a_safe_name(label: str, name: str):
    assert folder_name(label) == name


def test_a_long_label_is_cut_between_characters():
    name = folder_name("é" * 300)
    assert name == "é" * 100


def test_one_folder_for_a_label_in_any_case(tmp_path: Path):
    (tmp_path / "DOG").mkdir()
    (tmp_path / "cat").write_bytes(b"no folder")
    folders = Folders(str(tmp_path))
    assert [folders.of(label) for label in ("dog", "Cat", "cat", "CAT", "Dog")] == ["DOG", "Cat", "Cat", "Cat", "DOG"]
