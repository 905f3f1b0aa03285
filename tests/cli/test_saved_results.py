"""`report` and `xmp` on saved results of every format, and sidecars for images that were finished before."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from colour_engine import image
from colour_runs import Run, in_folder

from mobilenet_cli.classifier import Classifier
from mobilenet_cli.cli import _run

NAMES = ["a.csv", "a.tsv", "a.json", "a.jsonl", "a.parquet"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    classify = in_folder(tmp_path, monkeypatch, capfd)
    (tmp_path / "photos" / "grey.png").write_bytes(image((90, 80, 70)))  # of which nothing is sure
    (tmp_path / "photos" / "torn.png").write_bytes(b"no image")
    return classify


def sidecars(tmp_path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in (tmp_path / "photos").glob("*.xmp")}


@pytest.fixture
def expected(run: Run, tmp_path: Path) -> dict[str, bytes]:
    """The sidecars that a run with --xmp writes, which are then removed."""
    assert run("photos", "--xmp", "-f", "path").code == 1
    found = sidecars(tmp_path)
    assert set(found) == {"red.png.xmp", "green.png.xmp", "blue.png.xmp"}
    for name in found:
        (tmp_path / "photos" / name).unlink()
    return found


@pytest.mark.parametrize("options", [["-o", name] for name in NAMES] + [["-o", "long.csv", "--long"]])
def test_sidecars_of_saved_results_are_those_of_the_run(
    run: Run, tmp_path: Path, expected, monkeypatch, options, capfd
):
    assert run("photos", *options).code == 1
    monkeypatch.setattr(Classifier, "__init__", None)  # no model is loaded
    assert _run(["xmp", options[1]]) == 0
    assert sidecars(tmp_path) == expected
    said = capfd.readouterr().err
    assert "1 image without labels in the results: no sidecar" in said
    assert "sidecars: 3 written" in said
    assert _run(["xmp", options[1]]) == 0
    assert "sidecars: 3 unchanged" in capfd.readouterr().err


def test_paths_start_from_the_root_that_is_given(run: Run, tmp_path: Path, expected, monkeypatch):
    assert run("photos", "-o", "a.csv").code == 1
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert _run(["xmp", "../a.csv", "--root", ".."]) == 0
    assert sidecars(tmp_path) == expected


def test_where_none_of_the_files_is_there_xmp_fails_and_says_what_root_is_for(
    run: Run, tmp_path: Path, monkeypatch, capfd
):
    assert run("photos", "-o", "a.csv").code == 1
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for options in (["-q"], ["--root", "."]):
        assert _run(["xmp", "../a.csv", *options]) == 1
        assert "none of the images is there: --root names the folder that classify ran in" in capfd.readouterr().err
    monkeypatch.chdir(tmp_path)
    for name in ("red", "blue"):  # some are there
        (tmp_path / "photos" / f"{name}.png").unlink()
    assert _run(["xmp", "a.csv"]) == 0
    said = capfd.readouterr().err
    assert "2 images without a local file, so without a sidecar" in said
    assert "--root" not in said


def test_images_that_are_no_files_of_their_own_are_not_missed(run: Run, tmp_path: Path, capfd):
    """URLs, and members of an archive that is there, have no sidecar wherever xmp runs."""
    with zipfile.ZipFile(tmp_path / "red.zip", "w") as archive:
        archive.writestr("red.png", (tmp_path / "photos" / "red.png").read_bytes())
    assert run("red.zip", "-o", "zip.csv").code == 0
    text = (tmp_path / "zip.csv").read_text()
    assert "red.zip/red.png" in text
    (tmp_path / "urls.csv").write_text(text.replace("red.zip/", "https://example.org/"))
    for results in ("zip.csv", "urls.csv"):
        for options in ([], ["--root", str(tmp_path)]):
            assert _run(["xmp", results, *options]) == 0
            said = capfd.readouterr().err
            assert "1 image without a local file, so without a sidecar" in said
            assert "--root" not in said
    (tmp_path / "red.zip").unlink()
    assert _run(["xmp", "zip.csv"]) == 1


def test_a_folder_of_part_files_is_read_in_order(run: Run, tmp_path: Path, expected):
    assert run("photos", "-o", "out/", "-f", "parquet", "--rows-per-file", "2").code == 1
    assert _run(["xmp", "out"]) == 0
    assert sidecars(tmp_path) == expected
    (tmp_path / "empty").mkdir()
    assert _run(["xmp", "empty"]) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_made_of_every_format(run: Run, tmp_path: Path, name: str):
    assert run("photos", "-o", name).code == 1
    assert run("photos", "-o", "page.html").code == 1
    assert _run(["report", name, "-o", "report.html"]) == 0
    report, page = ((tmp_path / each).read_text() for each in ("report.html", "page.html"))
    if name in ("a.json", "a.jsonl", "a.parquet"):
        assert report == page
    assert "NaN" not in report
    for each in ("photos/red.png", "photos/torn.png", "colours"):
        assert each in report


@pytest.mark.parametrize("name", ["page.htm", "PAGE.HTML", "page"])
def test_a_page_has_the_ending_of_one_or_none(run: Run, tmp_path: Path, name: str):
    assert run("photos", "-o", "a.jsonl").code == 1
    assert _run(["report", "a.jsonl", "-o", name]) == 0
    assert (tmp_path / name).read_text().startswith("<!doctype html>")


def empty(file: Path) -> None:
    """Leave of results what is no row: the header, an empty list, the schema, or nothing."""
    if file.suffix == ".parquet":
        pq.write_table(pq.read_table(file).slice(0, 0), file)
    elif file.suffix == ".json":
        file.write_text("[]\n")
    else:
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("" if file.suffix == ".jsonl" else lines[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [["report", "-q", "-o", "page.html", "--overwrite"], ["report", "-q"], ["xmp"]])
def test_results_without_a_row_are_no_results(run: Run, tmp_path: Path, capfd, name: str, command: list[str]):
    assert run("photos", "-o", name).code == 1
    empty(tmp_path / name)
    (tmp_path / "page.html").write_text("old")
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    assert _run([*command, name]) == 1
    out, err = capfd.readouterr()
    assert (out, "no results found" in err) == ("", True)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()} == before


@pytest.mark.parametrize(
    "output", ["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.html.part", "out/", "memory://o/a.csv"]
)
def test_images_that_were_finished_before_get_the_sidecars_that_they_lack(
    run: Run, tmp_path: Path, expected, monkeypatch, output: str
):
    options = ["photos", "-o", output.removesuffix(".part"), *(["-f", "jsonl"] if output == "out/" else [])]
    if output.endswith(".part"):  # a page that was interrupted: what it lacks is the end
        assert run(*options[:2], "a.jsonl").code == 1
        (tmp_path / "a.jsonl").rename(tmp_path / output)
    else:
        assert run(*options).code == 1
    labelled: list[str] = []
    classify = Classifier.classify_sources

    def watched(self, sources, **chosen):
        for pair in classify(self, sources, **chosen):
            labelled.append(pair[0].path)
            yield pair

    monkeypatch.setattr(Classifier, "classify_sources", watched)
    done = run(*options, "--resume", "--xmp")
    assert (done.code, labelled) == (1, ["photos/torn.png"])
    assert sidecars(tmp_path) == expected
    assert "sidecars: 3 written" in done.err
    (tmp_path / "photos" / "red.png.xmp").write_bytes(b"mine")
    if not output.endswith(".part"):
        done = run(*options, "--resume", "--xmp")
        assert "the sidecars of 3 images finished earlier are left as they were" in done.err
        assert "1 of 1 image without a sure label, so without keywords" in done.err
        assert (tmp_path / "photos" / "red.png.xmp").read_bytes() == b"mine"


def test_sidecars_are_completed_from_a_table_whose_column_has_no_usual_name(run: Run, tmp_path: Path, expected):
    (tmp_path / "t.csv").write_text("id,pic\n" + "".join(f"{n},photos/{n}.png\n" for n in ("red", "green", "blue")))
    options = ["--from-csv", "t.csv", "--column", "pic", "-o", "out.csv"]
    assert run(*options).code == 0
    assert run(*options, "--resume", "--xmp").code == 0
    assert sidecars(tmp_path) == expected
