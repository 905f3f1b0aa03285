"""`--resume` with other options than the rows were made with: refused in one line with both values."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from colour_runs import Run, in_folder

from mobilenet_cli.cli import classify, embed, row_shaping
from mobilenet_cli.files.made_with import Content, check, decoded, encoded

FORMATS = ["csv", "tsv", "jsonl", "parquet"]
OTHER = {
    "--threshold": (["-t", "0.25"], "--threshold 0, not with --threshold 0.25"),
    "--top-k": (["-k", "2"], "--top-k 3, not with --top-k 2"),
    "--sure": (["--sure", "0.9"], "--sure 0.8, not with --sure 0.9"),
    "--match": (["--match", "red", "--match", "blue"], "without --match, not with --match blue, red"),
    "--crop": (["--crop", "squash"], "--crop center, not with --crop squash"),
    "--fast-previews": (["--fast-previews"], "without --fast-previews, not with --fast-previews"),
    "--labels": (["--labels", "names.txt"], "without --labels, not with --labels names.txt"),
    "--long": (["--long"], "without --long, not with --long"),
    "--csv-safe": (["--csv-safe"], "without --csv-safe, not with --csv-safe"),
}
ONLY_DELIMITED = {"--long", "--csv-safe"}
OF_THE_MODEL = {"--engine", "--image-size", "--precision", "--precision-photos", "--temperature"}
OF_ITS_FILE = {"--input-range", "--mean", "--std", "--channels"}
OF_THE_FILE = {"--format", "--column"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "names.txt").write_text("rouge\nvert\nbleu\n")
    return in_folder(tmp_path, monkeypatch, capfd)


def shaping(command: click.Command) -> set[str]:
    return {max(each.opts, key=len) for each in command.params if row_shaping.shapes_rows(each)}


def test_every_option_that_shapes_rows_is_compared():
    of_words = {"--kind"}  # which need a model with WordNet's ids
    known = {*OTHER, *of_words, *OF_THE_MODEL, *OF_ITS_FILE, *OF_THE_FILE, "--model"}
    assert shaping(classify.command) == known
    assert shaping(embed.command) == {"--crop", "--fast-previews", "--format", "--column", "--model"} | OF_ITS_FILE | (
        OF_THE_MODEL - {"--temperature"}
    )


@pytest.mark.parametrize("option", OTHER)
@pytest.mark.parametrize("name", FORMATS)
def test_another_value_is_refused_in_one_line_and_changes_nothing(run: Run, tmp_path: Path, name: str, option: str):
    if option in ONLY_DELIMITED and name not in ("csv", "tsv"):
        pytest.skip("it goes with CSV and TSV")
    file = tmp_path / f"labels.{name}"
    assert run("photos", "-k", "3", "-o", file.name).code == 0
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    options, words = OTHER[option]
    done = run("photos", "-k", "3", *options, "-o", file.name, "--resume")
    assert done.code == 4
    (line,) = done.err.splitlines()
    assert line.startswith(f"mnclassify: cannot resume {file.name}: its rows were made with")
    assert words.split(", not ")[0] in line
    assert words.split(", not ")[1] in line
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()} == before


def test_all_options_that_differ_are_named(run: Run):
    assert run("photos", "-k", "3", "-o", "labels.csv").code == 0
    (line,) = run("photos", "-k", "3", "-o", "labels.csv", "--resume", "--crop", "pad", "-t", "1").err.splitlines()
    assert (
        "its rows were made with --threshold 0, not with --threshold 1; with --crop center, not with --crop pad. "
        in line
    )


@pytest.mark.parametrize("options", [["-k", "3", "-t", "0"], ["--crop", "center"], ["--engine", "litert"], ["-q"]])
def test_a_default_that_is_typed_is_the_same_value(run: Run, options: list[str]):
    assert run("photos", "-o", "labels.csv", *(["-k", "3"] if "-k" in options else [])).code == 0
    assert run("photos", "-o", "labels.csv", "--resume", "-j", "1", *options).code == 0


def test_of_a_label_file_what_counts_is_in_it(run: Run, tmp_path: Path):
    assert run("photos", "-o", "labels.csv", "--labels", "names.txt").code == 0
    (tmp_path / "copy.txt").write_bytes((tmp_path / "names.txt").read_bytes())
    assert run("photos", "-o", "labels.csv", "--labels", "copy.txt", "--resume").code == 0
    (tmp_path / "names.txt").write_text("red\ngreen\nblue\n")
    done = run("photos", "-o", "labels.csv", "--labels", "names.txt", "--resume")
    assert done.code == 4
    assert done.err.count("--labels names.txt (SHA-256 ") + done.err.count("--labels copy.txt (SHA-256 ") == 2


@pytest.mark.parametrize("output", ["out/", "memory://out/labels.csv", "memory://out/labels/"])
def test_a_folder_and_a_url_keep_the_options_too(run: Run, output: str):
    options = ["photos", "-f", "csv", "-k", "3", "-o", output]
    assert run(*options).code == 0
    assert run(*options, "--resume").code == 0
    done = run(*options, "--resume", "-t", "0.25")
    assert done.code == 4
    assert f"cannot resume {output.rstrip('/')}" in done.err
    assert "its rows were made with --threshold 0, not with --threshold 0.25" in done.err


def test_a_run_that_was_interrupted_keeps_them_beside_its_rows(run: Run, tmp_path: Path):
    assert run("photos", "-k", "3", "-o", "labels.csv", "-t", "0.25").code == 0
    whole = (tmp_path / "labels.csv").read_bytes()
    # As a kill leaves it, after an earlier run with other options.
    (tmp_path / "labels.csv.part").write_bytes(whole[:-20])
    (tmp_path / "labels.csv.meta").rename(tmp_path / "labels.csv.part.meta")
    assert run("photos", "-k", "3", "-o", "labels.csv", "--overwrite", "-t", "1").code == 0
    (tmp_path / "labels.csv.part").write_bytes(whole[:-20])
    meta = json.loads((tmp_path / "labels.csv.meta").read_bytes())
    meta["made with"]["--threshold"] = "0.25"
    (tmp_path / "labels.csv.part.meta").write_text(json.dumps(meta))
    done = run("photos", "-k", "3", "-o", "labels.csv", "-t", "1", "--resume")
    assert done.code == 4
    assert "--threshold 0.25, not with --threshold 1" in done.err
    assert run("photos", "-k", "3", "-o", "labels.csv", "-t", "0.25", "--resume").code == 0
    assert (tmp_path / "labels.csv").read_bytes() == whole
    assert {each.name for each in tmp_path.iterdir()} == {"photos", "names.txt", "labels.csv", "labels.csv.meta"}


def test_rows_of_unknown_options_are_checked_as_far_as_they_show_and_have_options_from_then_on(
    run: Run, tmp_path: Path
):
    assert run("photos", "-k", "3", "-o", "labels.csv").code == 0
    (tmp_path / "labels.csv.meta").unlink()
    assert "columns" in run("photos", "-k", "2", "-o", "labels.csv", "--resume").err
    done = run("photos", "-k", "3", "-o", "labels.csv", "--resume")
    assert done.code == 0
    assert "warning: labels.csv does not say with which options its rows were made" in done.err
    done = run("photos", "-k", "3", "-o", "labels.csv", "--resume")
    assert (done.code, "warning" in done.err) == (0, False)


def test_a_file_of_another_program_with_the_name_is_left_alone(run: Run, tmp_path: Path):
    (tmp_path / "labels.csv.meta").write_text("mine")
    assert run("photos", "-k", "3", "-o", "labels.csv").code == 0
    assert (tmp_path / "labels.csv.meta").read_text() == "mine"
    assert run("photos", "-k", "3", "-o", "labels.csv", "--resume").code == 0


def test_only_what_can_be_resumed_keeps_its_options(run: Run, tmp_path: Path):
    assert run("photos", "-o", "labels.json").code == 0
    assert run("photos", "-o", "labels.html").code == 0
    assert run("photos", "-f", "csv").code == 0
    assert not list(tmp_path.glob("*.meta"))


def test_another_column_of_the_same_table_is_refused(run: Run, tmp_path: Path):
    (tmp_path / "t.csv").write_text("a,b\nphotos/red.png,photos/blue.png\n")
    assert run("--from-csv", "t.csv", "--column", "a", "-o", "out.csv").code == 0
    done = run("--from-csv", "t.csv", "--column", "b", "-o", "out.csv", "--resume")
    assert (done.code, "--column a, not with --column b" in done.err) == (4, True)


def test_options_that_only_one_version_knows_refuse_nothing():
    check({"model": "m", "--old": "1"}, {"model": "m", "--new": True})
    with pytest.raises(ValueError, match="by the model m, not n; its rows were made with --a 1, not without --a"):
        check({"model": "m", "--a": "1"}, {"model": "n", "--a": None})


def test_a_models_folder_may_be_spelled_in_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for other in ("./mine", "mine/", str(tmp_path / "mine")):
        check({"model": "mine"}, {"model": other})
    with pytest.raises(ValueError, match="by the model mine, not mine@int8"):
        check({"model": "mine"}, {"model": "mine@int8"})


def test_a_complete_page_is_refused_without_advice_that_does_not_help(run: Run):
    assert run("photos", "-o", "page.html").code == 0
    assert run("photos", "-o", "page.html").err.endswith("page.html exists; give --overwrite to replace it\n")
    done = run("photos", "-o", "page.html", "--resume")
    assert (done.code, "warning" in done.err) == (4, False)
    assert "it is complete, and html cannot be read back. Give --overwrite" in done.err


def test_options_are_read_as_they_were_written():
    options = {"model": 'a"b', "--labels": Content("caf\udce9", "00"), "--long": True, "--kind": None}
    assert decoded(encoded(options)) == options
    assert [decoded(each) for each in (None, b"", b"{", b"[]", encoded(options)[:-5])] == [None] * 5
