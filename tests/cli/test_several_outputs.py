"""Several -o: every output is written in one pass, and completed where it lacks rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from colour_engine import IMAGES
from colour_runs import Run, in_folder

from mobilenet_cli.classifier import Classifier
from mobilenet_cli.cli import _run

NAMES = ["a.csv", "b.jsonl", "c.parquet", "page.html"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    return in_folder(tmp_path, monkeypatch, capfd)


@pytest.fixture
def classified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that went to the network, in their order."""
    paths: list[str] = []
    classify = Classifier.classify_sources

    def watched(self, sources, **options):
        for source, result in classify(self, sources, **options):
            paths.append(source.path)
            yield source, result

    monkeypatch.setattr(Classifier, "classify_sources", watched)
    return paths


def outputs(*names: str) -> list[str]:
    return [each for name in names for each in ("-o", name)]


def alone(run: Run, tmp_path: Path, name: str) -> bytes:
    """What a run with this output alone writes."""
    assert run("photos", "-o", f"alone-{name}").code == 0
    return (tmp_path / f"alone-{name}").read_bytes()


def test_one_pass_writes_what_a_run_for_each_would_have_written(run: Run, tmp_path: Path, classified: list[str]):
    done = run("photos", *outputs(*NAMES), "--xmp")
    assert (done.code, done.out) == (0, "")
    assert "3 images labelled in a.csv, b.jsonl, c.parquet and page.html" in done.err
    assert len(classified) == 3
    assert len(list((tmp_path / "photos").glob("*.xmp"))) == 3
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == alone(run, tmp_path, name)


def test_an_image_is_passed_by_only_where_every_output_has_its_row(run: Run, tmp_path: Path, classified: list[str]):
    assert run("photos/red.png", "photos/blue.png", *outputs("a.csv")).code == 0
    assert run("photos/blue.png", *outputs("b.jsonl")).code == 0
    classified.clear()
    done = run("photos", *outputs("a.csv", "b.jsonl"), "--resume")
    assert done.code == 0
    assert classified == ["photos/green.png", "photos/red.png"]
    assert "1 image already done" in done.err
    for name in ("a.csv", "b.jsonl"):
        assert (tmp_path / name).read_bytes() == alone(run, tmp_path, name)


def test_a_run_that_ends_halfway_is_resumed_in_all_outputs(run: Run, tmp_path: Path, monkeypatch, classified):
    expected = {name: alone(run, tmp_path, name) for name in NAMES}
    classified.clear()
    classify = Classifier.classify_sources

    def interrupted(self, sources, **options):
        for number, pair in enumerate(classify(self, sources, **options)):
            if number == 2:
                raise KeyboardInterrupt
            yield pair

    with monkeypatch.context() as patch:
        patch.setattr(Classifier, "classify_sources", interrupted)
        done = run("photos", *outputs(*NAMES))
    assert done.code == 130
    assert done.err.count("--resume continues from there") == len(NAMES)
    classified.clear()
    assert run("photos", *outputs(*NAMES), "--resume").code == 0
    assert classified == ["photos/red.png"]
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == expected[name]


@pytest.mark.parametrize("beside", ["b.jsonl", "c.parquet", "a.csv"])
def test_a_page_that_is_complete_is_made_again_beside_outputs_that_are_completed(
    run: Run, tmp_path: Path, classified: list[str], beside: str
):
    assert run("photos/red.png", "photos/blue.png", *outputs("page.html", beside)).code == 0
    classified.clear()
    done = run("photos", *outputs("page.html", beside), "--resume")
    assert (done.code, len(classified)) == (0, 3 if beside == "a.csv" else 1)
    for name in ("page.html", beside):
        assert (tmp_path / name).read_bytes() == alone(run, tmp_path, name)
    has_rows_of_the_page = beside != "a.csv"
    assert ("page.html is complete, and html cannot be added to" in done.err) == (not has_rows_of_the_page)
    assert ("warning" in done.err) == (not has_rows_of_the_page)


def test_a_folder_of_parts_goes_beside_a_file(run: Run, tmp_path: Path):
    arguments = ["photos", *outputs("a.csv", "out/"), "-f", "jsonl", "--rows-per-file", "2"]
    assert run(*arguments).code == 0
    assert (tmp_path / "a.csv").read_bytes() == alone(run, tmp_path, "a.csv")
    parts = sorted((tmp_path / "out").glob("part-*"))
    assert b"".join(part.read_bytes() for part in parts) == alone(run, tmp_path, "b.jsonl")
    (tmp_path / "photos" / "new.png").write_bytes(IMAGES["red"])
    done = run(*arguments, "--resume")
    assert (done.code, "3 images already done" in done.err) == (0, True)
    assert b"".join(part.read_bytes() for part in sorted((tmp_path / "out").glob("part-*"))).count(b"\n") == 4


def test_standard_output_is_written_where_it_is_named(run: Run, tmp_path: Path):
    done = run("photos", *outputs("-", "a.csv"), "-f", "jsonl")
    assert done.code == 0
    assert done.out.encode() == alone(run, tmp_path, "b.jsonl")
    assert (tmp_path / "a.csv").read_bytes() == alone(run, tmp_path, "a.csv")


def test_nothing_is_replaced_where_one_output_exists(run: Run, tmp_path: Path):
    (tmp_path / "b.jsonl").write_text("mine")
    done = run("photos", *outputs("a.csv", "b.jsonl"))
    assert (done.code, "b.jsonl exists" in done.err) == (4, True)
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--overwrite"], "--overwrite needs -o FILE"),
        (["-o", "-", "--overwrite"], "--overwrite needs -o FILE"),
        (["-o", "a.csv", "-o", "-", "--resume"], "--resume needs -o FILE"),
        (["-o", "a.csv", "-o", "./a.csv"], "names the same file twice: a.csv and ./a.csv"),
        (["-o", "out/", "-o", "out", "-f", "csv"], "names the same file twice"),
        (["-o", "a.csv", "-o", "b.jsonl", "-f", "tsv"], "each of these says its own"),
        (["-o", "a.csv", "-o", "b"], "b: cannot tell the format"),
        (["-o", "a.csv", "-o", "b/"], "b/ is a folder"),
        (["-o", "b.jsonl", "-o", "c.parquet", "--long"], "--long needs -f csv or -f tsv, not jsonl and parquet"),
        (["-o", "a.csv", "-o", "b.json", "--resume"], "not with json"),
    ],
)
@pytest.mark.parametrize("command", ["classify", "embed"])
def test_what_contradicts_itself_is_a_usage_error(run: Run, tmp_path: Path, command: str, options, words: str):
    if command == "embed":
        if {"--long", "b.json"} & set(options) or "tsv" in options:
            pytest.skip("labels alone have it")
        options = [{"a.csv": "a.npz", "./a.csv": "./a.npz", "csv": "parquet"}.get(each, each) for each in options]
        words = words.replace("a.csv", "a.npz").replace("the format", "the format of the vectors")
    done = run(command, "photos", *options)
    assert (done.code, words in done.err) == (2, True), done.err
    assert [each.name for each in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize("command", [["evaluate", "photos"], ["report", "labels.jsonl"]])
@pytest.mark.usefixtures("run")
def test_overwrite_goes_with_a_file_in_every_command(tmp_path: Path, command: list[str], capfd):
    (tmp_path / "labels.jsonl").touch()
    assert _run([*command, "--overwrite"]) == 2
    assert "--overwrite needs -o FILE" in capfd.readouterr().err
