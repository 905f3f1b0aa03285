"""What a run of `classify` prints, and its exit code."""

from __future__ import annotations

import csv
import json
import re
import threading
from pathlib import Path

import pytest
from colour_engine import IMAGES, image
from colour_runs import Done, Run, in_folder

from mobilenet_cli.cli import _run
from mobilenet_cli.cli.sources import Sources
from mobilenet_cli.errors import OutputError
from mobilenet_cli.files.folder_document import FolderDocument
from mobilenet_cli.files.part_folder import PartFolder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    return in_folder(tmp_path, monkeypatch, capfd)


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
    assert "mnclassify: 1 of 4 images without a sure label, so without keywords" in done.err.splitlines()


def test_sort_says_how_many_images_are_unsorted(run, tmp_path: Path):
    (tmp_path / "photos" / "grey.png").write_bytes(image((90, 80, 70)))
    done = run("sort", "photos", "--into", "sorted", "--by", "label")
    assert done.code == 0
    assert "mnclassify: 1 image without a sure name, so in unsorted/" in done.err.splitlines()


def test_the_threads_have_ended_before_the_parts_are_closed_of_a_run_that_fails(run, monkeypatch):
    working: list[list[str]] = []

    def fail(*_: object) -> None:
        raise OutputError("the disk is full")

    def abandon(*_: object) -> None:
        working.append([thread.name for thread in threading.enumerate() if "_work" in thread.name])

    monkeypatch.setattr(FolderDocument, "write", fail)
    monkeypatch.setattr(PartFolder, "abandon", abandon)
    done = run(*["photos"] * 300, "-f", "jsonl", "-o", "out/")
    assert (done.code, lines(done)[-1]) == (4, "the disk is full")
    assert working == [[]]


def test_resuming_into_a_folder_says_what_was_done_and_shows_no_total_that_is_too_high(run, monkeypatch, tmp_path):
    counting: list[bool] = []
    monkeypatch.setattr(Sources, "count_in_background", lambda *_, **__: counting.append(True))
    arguments = ["photos", "-f", "jsonl", "-o", "out/", "--progress"]
    assert "already done" not in run(*arguments).err
    assert counting == [True]
    (tmp_path / "photos" / "new.png").write_bytes(IMAGES["red"])
    done = run(*arguments, "--resume")
    assert done.code == 0
    assert "3 images already done" in done.err
    assert "4 images labelled in out/" in done.err
    assert counting == [True]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["classify", "--kind", "dgo"], "dgo"),
        (["classify", "-f", "html", "-o", "out/"], "a folder takes the formats csv, tsv, jsonl, parquet, not html"),
        (["embed", "-k", "3"], "-k goes with --similar"),
        (["embed", "-o", "out/"], "-o DIR/ needs -f with one of jsonl, npz, parquet"),
        (["embed", "--similar", "a.png", "-o", "out/"], "--similar writes one file of this machine"),
        (["sort", "--into", "sorted", "--kinds", "dgo"], "dgo"),
        (["evaluate", "--truth", "flder"], "flder"),
        (["evaluate", "--truth", "csv:none.csv"], "none.csv"),
    ],
)
@pytest.mark.usefixtures("run")
def test_an_error_in_the_options_comes_before_sources_that_are_missing(command: list[str], words: str, capfd):
    model = [] if "dgo" in command else ["-m", "colours"]  # words are checked of ImageNet's classes
    code = _run([command[0], "phtos", *command[1:], *model])
    err = capfd.readouterr().err
    assert (code, words in err, "phtos" in err) == (2, True, False)


@pytest.mark.parametrize("command", ["classify", "embed", "evaluate"])
@pytest.mark.parametrize("folder", ["photos", "photos/", "new/"])
def test_an_output_that_is_a_folder_is_said_to_be_one(run, command: str, folder: str):
    done = run(command, "photos", "-o", folder)
    assert done.code == (4 if command == "evaluate" else 2)
    assert re.search(f"{folder}:? (it )?is a folder[:;] name a file in it", done.err)


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


def lines(done: Done) -> list[str]:
    return [line.removeprefix("mnclassify: ") for line in done.err.splitlines()]


def test_what_a_folder_has_of_other_types_is_counted_by_type(run, tmp_path: Path):
    for name in (
        "a.mp4",
        "b.MP4",
        "c.txt",
        "notes",
        "d.xmp",
        ".hidden.txt",
        "e.doc",
        "f.exe",
        "g.bak.xyz",
        "not this.iso",
    ):
        (tmp_path / "photos" / name).write_text("x")
    (tmp_path / "photos" / "more").mkdir()
    (tmp_path / "photos" / "more" / "h.txt").write_text("x")
    done = run("photos", "-f", "path", "--exclude", "*.iso")
    assert done.code == 0
    assert lines(done) == [
        "8 files of other types skipped: 2 .mp4, 2 .txt, 1 without an ending, 1 .doc, 2 more",
    ]
    (tmp_path / "photos" / "raw.CR9").write_text("x")
    assert "1 .CR9" in run("photos", "--exclude", "*.[!C]*", "-f", "csv").err
    assert run("photos/red.png", "-f", "path").err == ""
    assert "8 files of other types" in run("photos", "--no-recursive", "--exclude", "*.iso").err
    assert "9 files of other types" in run("photos", "--any-ending", "-f", "path", "--exclude", "*.iso").err
    assert run("photos", "-q", "-f", "path").err == ""


@pytest.mark.parametrize("output", [[], ["-o", "labels.csv"], ["-o", "labels.jsonl"]])
def test_the_first_three_failures_are_said_with_their_reasons_and_where_the_others_are(run, tmp_path, output):
    for number in range(5):
        (tmp_path / "photos" / f"bad{number}.png").write_text("no image")
    done = run("photos", *output)
    assert done.code == 1
    where = output[-1] if output else "the output"
    said = lines(done)
    first = next(at for at, line in enumerate(said) if line.startswith("photos/bad0.png: "))
    assert [line.partition(":")[0] for line in said[first : first + 3]] == [f"photos/bad{n}.png" for n in range(3)]
    assert said[first + 3 : first + 5] == [
        f"2 more: the rows with an error in {where}",
        "5 of 8 images could not be classified",
    ]
    assert all("not an image" in line for line in said[first : first + 3])


def test_failures_that_were_said_as_they_came_are_not_said_again(run, tmp_path: Path):
    (tmp_path / "photos" / "bad.png").write_text("no image")
    assert run("photos", "-f", "path").err.count("bad.png") == 1


def test_the_last_line_has_the_time_and_the_speed(run):
    assert re.fullmatch(r"3 images in \d+\.\d s, [\d,.]+ images/s", lines(run("photos", "-o", "labels.csv"))[-1])
    assert run("photos", "-f", "csv").err == ""
    assert run("photos", "-o", "labels.csv", "--overwrite", "-q").err == ""


def test_v_says_what_is_read_with_what_and_how_long_each_step_takes(run):
    said = lines(run("photos", "photos/red.png", "-v", "-f", "csv"))
    assert "sources: photos, photos/red.png" in said
    assert any(
        re.fullmatch(r"model: colours, 3 classes, 8 pixels; engine: litert; ready in \d+\.\d\d s", line)
        for line in said
    )
    assert any(re.fullmatch(r"output: csv, completed in \d+\.\d\d s", line) for line in said)
    assert re.fullmatch(r"4 images in \d+\.\d s, [\d,.]+ images/s", said[-1])


@pytest.mark.parametrize(
    ("options", "count"), [([], 3), (["-q"], 0), (["--progress"], 0), (["--progress", "-v"], 3), (["-v"], 3)]
)
def test_a_long_run_says_a_line_a_minute_where_no_progress_is_shown(run, monkeypatch, options: list[str], count: int):
    monkeypatch.setattr("mobilenet_cli.cli.tally.MINUTE", 1e-9)
    done = run("photos", "-f", "path", *options)
    assert len(re.findall(r"\d images? so far, [\d,.]+ images/s", done.err)) == count


def test_a_run_of_minutes_has_a_line_for_each_at_most(run, monkeypatch):
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            self.now += 25
            return self.now

    monkeypatch.setattr("mobilenet_cli.cli.tally.time", Clock())
    said = lines(run("photos", "photos", "-f", "path"))
    assert [line.partition(" ")[0] for line in said if "so far" in line] == ["3", "5"]


def test_evaluate_writes_a_row_an_image_where_it_is_told_to(run, tmp_path: Path):
    for name, content in IMAGES.items():
        (tmp_path / "known" / name).mkdir(parents=True)
        (tmp_path / "known" / name / "1.png").write_bytes(content)
    (tmp_path / "known" / "red" / "2.png").write_bytes(IMAGES["blue"])
    done = run("evaluate", "known", "--predictions", "answers.csv", "-o", "page.html")
    assert done.code == 0
    assert lines(done)[:2] == ["the evaluation is in page.html", "the predictions are in answers.csv"]
    rows = list(csv.DictReader((tmp_path / "answers.csv").read_text().splitlines()))
    assert [(row["path"], row["truth"], row["prediction"], row["right"]) for row in rows] == [
        ("known/blue/1.png", "blue", "blue", "1"),
        ("known/green/1.png", "green", "green", "1"),
        ("known/red/1.png", "red", "red", "1"),
        ("known/red/2.png", "red", "blue", "0"),
    ]
