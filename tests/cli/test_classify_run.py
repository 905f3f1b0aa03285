"""What a run of `classify` prints, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import colour_model
import pytest
from colour_engine import IMAGES, image

from mobilenet_cli.cli import _run


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run the command in a folder with photos/red.png, green.png and blue.png, labelled by their colours."""
    (tmp_path / "photos").mkdir()
    for name, content in IMAGES.items():
        (tmp_path / "photos" / f"{name}.png").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    model = colour_model.install(monkeypatch)

    def run(*arguments: str) -> Done:
        code = _run([*arguments, "-m", model])
        return Done(code, *capfd.readouterr())

    return run


@pytest.mark.parametrize(
    ("options", "lines"), [([], 2 + 3), (["-k", "3"], 2 + 3 * 3 + 2), (["-k", "1"], 2 + 3), (["--top-k=2"], 2 + 8)]
)
def test_a_table_has_one_line_an_image_unless_the_number_of_labels_is_given(run, options: list[str], lines: int):
    done = run("photos", "-f", "table", *options)
    assert (done.code, len(done.out.splitlines())) == (0, lines)


@pytest.mark.parametrize("search", [["--match", "red"], ["--match", "nothing*"]])
@pytest.mark.parametrize("output", [["-f", "path"], ["-o", "labels.csv"]])
def test_a_search_exits_as_grep_does(run, search: list[str], output: list[str]):
    done = run("photos", "-k", "1", *search, *output)
    found = search[1] == "red"
    assert done.code == (0 if found else 1)
    assert ("no image matches" in done.err) == (not found)
    assert done.out == ("photos/red.png\n" if found and "-f" in output else "")


def test_a_search_that_is_resumed_has_found_what_the_earlier_run_found(run):
    assert run("photos", "-k", "1", "--match", "red", "-o", "labels.csv").code == 0
    assert run("photos", "-k", "1", "--match", "red", "-o", "labels.csv", "--resume").code == 0


def test_a_search_with_sidecars_says_how_many_match(run):
    done = run("photos", "-k", "1", "--match", "red", "--match", "blue", "--xmp", "-f", "path")
    assert (done.code, done.err.splitlines()) == (
        0,
        ["mnclassify: 2 of 3 images match", "mnclassify: sidecars: 2 written"],
    )
    assert run("photos", "--match", "nothing", "--xmp", "-f", "path").err.splitlines() == [
        "mnclassify: no image matches",
        "mnclassify: sidecars: none",
    ]


def test_sidecars_are_said_to_be_those_of_images_with_a_sure_label(run, tmp_path: Path):
    (tmp_path / "photos" / "grey.png").write_bytes(image((90, 80, 70)))
    done = run("photos", "--xmp", "-f", "path")
    assert "mnclassify: 3 of 4 images have a sure label; the others get no keywords" in done.err.splitlines()


def test_sort_says_how_many_images_are_unsorted(run, tmp_path: Path):
    (tmp_path / "photos" / "grey.png").write_bytes(image((90, 80, 70)))
    done = run("sort", "photos", "--into", "sorted", "--by", "label")
    assert done.code == 0
    assert "mnclassify: 1 image without a sure name, so in unsorted/" in done.err.splitlines()


@pytest.mark.parametrize("command", [(), ("embed",), ("evaluate",)])
@pytest.mark.parametrize("folder", ["photos", "photos/", "new/"])
def test_an_output_that_is_a_folder_is_said_to_be_one(run, command: tuple[str, ...], folder: str):
    done = run(*command, "photos", "-o", folder)
    assert done.code == 4
    assert f"cannot write {folder}: it is a folder; name a file in it, as in {folder.rstrip('/')}/" in done.err


def test_json_is_short_for_the_format_json(run):
    done = run("photos", "--json")
    assert (done.code, done.out) == (0, run("photos", "-f", "json").out)
    assert [each["path"] for each in json.loads(done.out)] == ["photos/blue.png", "photos/green.png", "photos/red.png"]
    assert run("photos", "--json", "-o", "labels.json").code == 0
    done = run("photos", "--json", "-f", "csv")
    assert done.code == 2
    assert "--json is short for -f json, and -f csv is given" in done.err


@pytest.mark.parametrize("options", [["-r"], ["--recursive"], ["-j", "2"], ["--jobs", "2"], ["-rj1"]])
def test_the_options_of_other_programs_are_taken(run, options: list[str]):
    done = run("photos", *options, "-f", "path")
    assert (done.code, len(done.out.splitlines())) == (0, 3)
