"""Results as documents that are no lines: Parquet, and pages; finished rows survive whatever ends the run."""

from __future__ import annotations

import io
import json
import os
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from results import failed_result, name, prediction, result_of

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.files.document import Document
from mobilenet_cli.files.format import Conversion, Format
from mobilenet_cli.files.open import open_output
from mobilenet_cli.records import Result, Source
from mobilenet_cli.writers import FORMATS, Layout, format_of
from mobilenet_cli.writers.json_reading import results_in

MODEL = "mobilenet_v1_100_128"
COLUMNS = ["path", "status", "label", "kinds", "predictions", "error", "warning", "width", "height", "model"]


def labelled(path: str, count: int = 2, model: str = MODEL) -> Result:
    made = [
        prediction(f"crane {len(path)}, {rank}", 0.4123456 / rank, rank=rank, index=7 * rank, wnid=f"n{rank:08}")
        for rank in range(1, count + 1)
    ]
    label, kinds = name("bird", 0.9123456, wnid="n01503061"), [name("animal", 0.95, wnid="n00015388")]
    return result_of(path, made, label=label, kinds=kinds, warning="cut short", width=640, height=480, model=model)


CAT, ODD, NOT_UTF8 = labelled("cat.jpg"), labelled('日本, "x"\n.png'), labelled("caf\udce9.jpg")
LOST = failed_result("lost.jpg", "no such file or folder", model=MODEL)
ALL = [CAT, LOST, ODD, NOT_UTF8]


class StoppedError(Exception):
    """What ends a run of the tests in its midst."""


def classify(
    file: Path,
    wanted: Sequence[Result] = ALL,
    *,
    resume: bool = False,
    stop_after: int | None = None,
    top_k: int = 2,
    model: str = MODEL,
    sure: float = 0.8,
    chosen: Format | None = None,
) -> list[str]:
    """Write `wanted` as the command does, and return the paths that were not kept from an earlier run."""
    made = {each.path: each for each in wanted}
    done: list[str] = []
    with open_output(str(file), resume=resume) as stream:
        document = Document(
            stream, chosen or format_of(str(file)), Layout(top_k, model=model, sure=sure), resume=resume
        )
        pending = document.pending(Source(path) for path in made)
        for source in pending:
            document.write(source, made[source.path])
            done.append(source.path)
            if len(done) == stop_after:
                raise StoppedError
        document.close()
    return done


def objects(results: Sequence[Result]) -> list[dict[str, object]]:
    """What the format jsonl has of them, with bytes that are not UTF-8 as text shows them."""
    stream = io.BytesIO()
    for each in results:
        FORMATS["jsonl"].make(stream, Layout(2)).write(replace(each, path=each.path.replace("\udce9", "\\xe9")))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    classify(tmp_path / "labels.parquet")
    return tmp_path / "labels.parquet"


# --- what reads it


def test_the_columns_have_the_documented_types(parquet: Path):
    import pyarrow.parquet as pq

    assert [f"{column.name} {column.type}" for column in pq.read_schema(parquet)] == [
        "path string",
        "status string",
        "label struct<wnid: string, label: string, score: double>",
        "kinds list<element: struct<wnid: string, label: string, score: double>>",
        "predictions list<element: struct<rank: int32, index: int32, wnid: string, label: string, score: double>>",
        "error string",
        "warning string",
        "width int32",
        "height int32",
        "model string",
    ]


def test_pandas_reads_what_jsonl_has(parquet: Path):
    import pandas

    frame = pandas.read_parquet(parquet)
    assert list(frame.columns) == COLUMNS
    for (_, row), expected in zip(frame.iterrows(), objects(ALL), strict=True):
        assert row["path"] == expected["path"]
        assert row["label"] == expected["label"]
        assert list(row["kinds"]) == expected["kinds"]
        assert list(row["predictions"]) == expected["predictions"]
        assert (row["error"] if isinstance(row["error"], str) else None) == expected["error"]
    assert frame["width"].isna().tolist() == [False, True, False, False]


def test_duckdb_asks_for_labels_by_name(parquet: Path):
    import duckdb

    rows = duckdb.sql(
        f"SELECT path, predictions[1].label, predictions[1].score FROM '{parquet}' WHERE status = 'ok' ORDER BY path"
    ).fetchall()
    expected = [(each["path"], each["predictions"][0]) for each in objects([CAT, ODD, NOT_UTF8])]
    assert rows == sorted((path, first["label"], first["score"]) for path, first in expected)
    labels = duckdb.sql(f"SELECT label.label, kinds[1].label FROM '{parquet}' WHERE status = 'ok'").fetchall()
    assert labels == [("bird", "animal")] * 3
    count = duckdb.sql(f"SELECT count(*) FROM (SELECT unnest(predictions) FROM '{parquet}')").fetchall()
    assert count == [(6,)]


def test_polars_reads_what_jsonl_has(parquet: Path):
    import polars

    assert polars.read_parquet(parquet).to_dicts() == objects(ALL)


def test_what_is_not_sure_is_null(tmp_path: Path):
    import polars

    classify(tmp_path / "labels.parquet", [replace(CAT, label=None, kinds=(), warning=None)])
    (row,) = polars.read_parquet(tmp_path / "labels.parquet").to_dicts()
    assert (row["label"], row["kinds"], row["warning"]) == (None, [], None)
    assert classify(tmp_path / "labels.parquet", [CAT], resume=True) == []


def test_no_results_are_a_table_without_rows(tmp_path: Path):
    import polars

    classify(tmp_path / "none.parquet", [])
    assert polars.read_parquet(tmp_path / "none.parquet").shape == (0, len(COLUMNS))


# --- what ends a run


def test_the_file_of_a_resumed_run_is_that_of_an_uninterrupted_one(tmp_path: Path):
    classify(tmp_path / "whole.parquet")
    file = tmp_path / "labels.parquet"
    with pytest.raises(StoppedError):
        classify(file, stop_after=3)
    with (tmp_path / "labels.parquet.part").open("ab") as torn:
        torn.write(b'{"path": "\xe6\x97\xa5\xe6')
    assert not file.exists()
    assert classify(file, resume=True) == ["lost.jpg", NOT_UTF8.path]
    assert file.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert not (tmp_path / "labels.parquet.part").exists()


def test_a_complete_file_takes_in_new_images_and_retries_failed_ones(tmp_path: Path):
    file = tmp_path / "labels.parquet"
    classify(file, [NOT_UTF8, LOST, CAT])
    found = labelled("lost.jpg")
    assert classify(file, [ODD, CAT, found, NOT_UTF8], resume=True) == [ODD.path, "lost.jpg"]
    classify(tmp_path / "anew.parquet", [ODD, CAT, found, NOT_UTF8])
    assert file.read_bytes() == (tmp_path / "anew.parquet").read_bytes()


def test_a_run_that_was_killed_just_before_its_file_appeared_is_gone_on_with(parquet: Path):
    whole = parquet.read_bytes()
    parquet.rename(parquet.with_name("labels.parquet.part"))
    assert classify(parquet, resume=True) == ["lost.jpg"]
    assert parquet.read_bytes() == whole


def test_a_full_disk_at_the_end_leaves_the_rows_to_go_on_with(tmp_path: Path):
    def fails(lines: Path, stream: io.BytesIO, layout: Layout) -> None:
        stream.write(b"half a")
        raise OSError(28, "No space left on device")

    file = tmp_path / "labels.parquet"
    failing = replace(FORMATS["parquet"], conversion=Conversion(fails, FORMATS["parquet"].conversion.read))
    with pytest.raises(OutputError, match=r"No space left on device; the rows finished so far are in .*\.part"):
        classify(file, [CAT, ODD], chosen=failing)
    assert list(tmp_path.iterdir()) == [tmp_path / "labels.parquet.part"]
    assert classify(file, [CAT, ODD], resume=True) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "efficientnet_lite0"}, "by the model mobilenet_v1_100_128, not efficientnet_lite0"),
        ({"top_k": 3}, "has 2 labels"),
        ({"sure": 0.95}, "has a label that scores 0.912346, less than the present --sure"),
    ],
)
def test_rows_of_other_options_are_refused_and_left_as_they_are(parquet: Path, options, words):
    before = parquet.read_bytes()
    with pytest.raises(OutputError, match=words):
        classify(parquet, resume=True, **options)
    assert parquet.read_bytes() == before
    assert list(parquet.parent.iterdir()) == [parquet]


@pytest.mark.parametrize("content", [b"path,status\n", b"PAR1PAR1", b'{"path": "x", "status": "ok"}\n'])
def test_what_is_no_such_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes):
    file = tmp_path / "labels.parquet"
    file.write_bytes(content)
    with pytest.raises(OutputError, match="--overwrite to start over"):
        classify(file, resume=True)
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_a_table_of_something_else_is_refused_with_its_columns(tmp_path: Path):
    import polars

    polars.DataFrame({"id": [1], "caption": ["x"]}).write_parquet(tmp_path / "captions.parquet")
    with pytest.raises(OutputError, match="its columns are id, caption"):
        classify(tmp_path / "captions.parquet", resume=True)


def test_a_page_is_gone_on_with_until_it_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write(lines: Path, stream: io.BytesIO, layout: Layout) -> None:
        stream.write(b"<!doctype html>" + b"".join(os.fsencode(each.path) for each in results_in(lines)))

    page = replace(FORMATS["html"], conversion=Conversion(write, read=None))
    file = tmp_path / "labels.html"
    with pytest.raises(StoppedError):
        classify(file, stop_after=1, chosen=page)
    assert classify(file, [CAT, ODD], resume=True, chosen=page) == [ODD.path]
    assert file.read_bytes() == b"<!doctype html>cat.jpg" + ODD.path.encode()
    before = file.read_bytes()
    with pytest.raises(OutputError, match=r"complete, and html cannot be read back. Give --overwrite"):
        classify(file, [CAT, ODD], resume=True, chosen=page)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


# --- what it takes


def test_memory_does_not_grow_with_the_number_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.writers.parquet._GROUP_ROWS", 100)
    (line,) = objects([labelled("photos/1.jpg", 5)])

    def peak(count: int) -> int:
        file = tmp_path / f"{count}.lines"
        file.write_text(f"{json.dumps(line)}\n" * count)
        with (tmp_path / f"{count}.parquet").open("wb") as stream:
            tracemalloc.start()
            FORMATS["parquet"].conversion.write(file, stream, Layout(5))
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return peak

    peak(100)  # what is imported and set up but once
    assert peak(4000) < 1.2 * peak(400)


def test_a_row_group_has_ten_thousand_images(tmp_path: Path):
    import pyarrow.parquet as pq

    classify(tmp_path / "a.parquet", [labelled(f"{number}.jpg") for number in range(12_000)])
    footer = pq.ParquetFile(tmp_path / "a.parquet").metadata
    assert [footer.row_group(number).num_rows for number in range(footer.num_row_groups)] == [10_000, 2_000]


def test_many_labels_an_image_make_smaller_row_groups(tmp_path: Path):
    import pyarrow.parquet as pq

    classify(tmp_path / "a.parquet", [labelled(f"{number}.jpg", 1000) for number in range(120)], top_k=1000)
    footer = pq.ParquetFile(tmp_path / "a.parquet").metadata
    assert [footer.row_group(number).num_rows for number in range(footer.num_row_groups)] == [50, 50, 20]


def test_without_pyarrow_the_message_is_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    with pytest.raises(OutputError, match=rf"{sys.executable} -m pip install 'mobilenet-cli\[parquet\]'"):
        FORMATS["parquet"].conversion.check_installed()


@pytest.mark.parametrize("name", ["parquet", "html"])
def test_they_need_a_regular_file(name: str):
    with pytest.raises(InputError, match="give -o FILE"):
        Document(io.BytesIO(), FORMATS[name], Layout(2))
