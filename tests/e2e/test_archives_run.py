"""The installed command on archives: its rows, options, --resume and what it refuses."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from colour_engine import IMAGES
from conftest import SAMPLES, Run
from shards import ENTRIES, parquet, tar_bytes, zip_bytes, zstd_bytes

pytestmark = pytest.mark.slow

CAT = (SAMPLES / "cat.jpg").read_bytes()
# Alone in its batch, an image has the same scores in every run.
ALONE = ("--batch-size", "1")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNCLASSIFY_MODEL", "efficientnet_lite0")


def paths(file: Path) -> list[str]:
    with file.open(newline="") as stream:
        return [row["path"] for row in csv.DictReader(stream)]


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.zip"])
def test_a_run_is_resumed_within_an_archive(mnclassify: Run, tmp_path: Path, name: str):
    entries = [(f"{number}.jpg", CAT if number != 5 else CAT[:200]) for number in range(12)]
    whole = zip_bytes(entries) if name == "x.zip" else tar_bytes(entries, mode="w:gz" if name.endswith("gz") else "w")
    (tmp_path / name).write_bytes(whole)
    assert mnclassify(name, *ALONE, "-o", "whole.csv").returncode == 1
    expected = (tmp_path / "whole.csv").read_bytes()
    assert paths(tmp_path / "whole.csv") == [f"{name}/{number}.jpg" for number in range(12)]
    lines = expected.splitlines(keepends=True)
    (tmp_path / "out.csv.part").write_bytes(b"".join(lines[:8]) + lines[8][:30])  # torn within the eighth row
    done = mnclassify(name, *ALONE, "-o", "out.csv", "--resume")
    assert "6 images already done" in done.stderr  # and the seventh failed
    assert (tmp_path / "out.csv").read_bytes() == expected


def test_a_shard_that_was_torn_and_then_repaired_has_one_row_an_image(mnclassify: Run, tmp_path: Path):
    whole = tar_bytes([(f"{number}.jpg", CAT) for number in range(5)])
    (tmp_path / "x.tar").write_bytes(whole[: len(whole) // 2 // 512 * 512])
    assert mnclassify("x.tar", *ALONE, "-o", "out.csv").returncode == 1
    (tmp_path / "x.tar").write_bytes(whole)
    assert mnclassify("x.tar", *ALONE, "-o", "out.csv", "--resume").returncode == 0
    assert paths(tmp_path / "out.csv") == [f"x.tar/{number}.jpg" for number in range(5)]


def test_the_column_of_a_table_is_named(mnclassify: Run, tmp_path: Path):
    parquet(tmp_path / "p.parquet", {"one": pa.array([CAT] * 2), "other": pa.array([IMAGES["red"]] * 2)})
    done = mnclassify("p.parquet", "--column", "other", "-f", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["path"], row["width"]) for row in rows] == [("p.parquet#0", 10), ("p.parquet#1", 10)], done.stderr
    for command in ((), ("embed",)):
        done = mnclassify(*command, "x.tar", "--column", "one")
        assert (done.returncode, "--column needs --from-csv FILE or a .parquet file" in done.stderr) == (2, True)


def test_records_go_to_folders_of_parts(mnclassify: Run, tmp_path: Path):
    for number in range(2):
        (tmp_path / f"s{number}.tar").write_bytes(tar_bytes([(f"{each}.jpg", CAT) for each in range(2)]))
    done = mnclassify("s{0..1}.tar", "-o", "out/", "-f", "csv")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == [
        *("_SUCCESS", "_manifest.json", "_options.json", "part-00000.csv", "part-00001.csv")
    ]
    assert paths(tmp_path / "out" / "part-00001.csv") == ["s1.tar/0.jpg", "s1.tar/1.jpg"]
    for arguments, code, words in (
        (("-o", "new/"), 2, "-o DIR/ needs -f with one of csv, tsv, jsonl, parquet"),
        (("-o", "new/", "-f", "html"), 2, "a folder takes the formats csv, tsv, jsonl, parquet, not html"),
        (("-o", "a.csv", "--rows-per-file", "2"), 2, "--rows-per-file goes with a folder"),
        (("-o", "https://x.org/a.csv"), 2, "records cannot be written to the web"),
        (("-o", "s3://bucket/a.json"), 2, "a URL takes the formats csv, tsv, jsonl, parquet, html, not json"),
        (("-o", "out/", "-f", "csv"), 4, "out has parts; give --overwrite"),
    ):
        done = mnclassify("s0.tar", *arguments)
        assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "new").exists()


def test_evaluate_reads_archives_that_can_be_read_again(mnclassify: Run, tmp_path: Path):
    entries = [(f"{number}/{number}.jpg", CAT) for number in range(2)]
    (tmp_path / "x.zip").write_bytes(zip_bytes(entries))
    (tmp_path / "x.tar.gz").write_bytes(tar_bytes(entries, mode="w:gz"))
    (tmp_path / "truth.csv").write_text("path,index\nx.zip/0/0.jpg,0\nx.zip/1/1.jpg,1\n")
    done = mnclassify("evaluate", "x.zip", "--truth", "csv:truth.csv", "--json")
    assert json.loads(done.stdout)["images"] == 2, done.stderr
    assert mnclassify("evaluate", "x.tar.gz", "--truth", "csv:truth.csv").returncode != 0


def test_sort_takes_no_archives(mnclassify: Run, tmp_path: Path):
    (tmp_path / "x.zip").write_bytes(zip_bytes())
    done = mnclassify("sort", "x.zip", "--into", "sorted")
    assert done.returncode == 2
    assert "x.zip is an archive, and this command takes files: unpack it" in done.stderr


def test_sidecars_are_written_for_no_member(mnclassify: Run, tmp_path: Path):
    (tmp_path / "x.zip").write_bytes(zip_bytes(ENTRIES[:1]))
    done = mnclassify("x.zip", "--xmp", "--sure", "0")
    assert "1 image without a local file, so without a sidecar" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("name", ["x.tar.zst", "p.parquet"])
def test_without_the_extra_the_command_that_installs_it_is_given(mnclassify: Run, tmp_path: Path, name: str):
    (tmp_path / "x.tar.zst").write_bytes(zstd_bytes(tar_bytes()))
    parquet(tmp_path / "p.parquet", {"image": pa.array(IMAGES.values())})
    hidden = tmp_path / "site"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys, importlib.util\nfound = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'pyarrow' else found(name, *more)\n"
        "sys.modules['pyarrow'] = None\n"
    )
    done = mnclassify(name, env={"PYTHONPATH": str(hidden)})
    assert done.returncode == 2
    assert f"need an extra: {Path(sys.executable).parent}/python" in done.stderr
    assert done.stderr.endswith(" -m pip install 'mobilenet-cli[parquet]'\n")
