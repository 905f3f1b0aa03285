"""A CSV labelled: its cells stay what they were, new columns come after them, and an interrupted run goes on."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from results import failed_result, name, prediction, result_of

from mobilenet_cli.errors import OutputError
from mobilenet_cli.files.document import Document
from mobilenet_cli.files.open import open_output
from mobilenet_cli.inputs.csv_table import CsvTable
from mobilenet_cli.records import Result
from mobilenet_cli.writers import Layout, format_of

MODEL = "mobilenet_v1_100_128"
NEW = ["status", "label", "score", "kinds", "label_1", "score_1", "label_2", "score_2", "error", "warning", "model"]
HEADER = ["id", "image", 'note, "x"\r\n']
# Two rows of the same image with other notes, two that are equal, one without an image, one that is too long.
ROWS = [
    ["1", "a.jpg", "first"],
    ["2", "b.jpg", "new\r\nline\rand \n"],
    ["3", "a.jpg", 'say "x", y;\tz'],
    ["4", "", "no image"],
    ["5", "café.jpg", "café 猫 \x00\ufeff"],
    ["5", "café.jpg", "café 猫 \x00\ufeff"],
    ["6", "z.jpg", "moved", "on", ""],
    ["7", "lost.jpg", "\u2028"],
    ["8", "c.jpg", " "],
]
FORMATS = ["csv", "tsv", "jsonl"]


def labelled(path: str, label: str = "label, ") -> Result:
    made = [
        prediction(f"{label}{rank}", 1 / (rank + 1), rank=rank, index=rank * 7, wnid=f"n0{rank}") for rank in (1, 2)
    ]
    return result_of(path, made, label=name("cat"), kinds=[name("animal"), name("pet")], model=MODEL)


def failed(path: str, error: str | None) -> Result:
    return failed_result(path, error or "cannot be read", model=MODEL)


def write(file: Path, rows: list[list[str]], header: list[str] = HEADER) -> Path:
    with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        csv.writer(stream, lineterminator="\r\n").writerows([header, *rows])
    return file


def read(document: bytes, delimiter: str = ",") -> list[list[str]]:
    text = document.decode("utf-8", "surrogateescape")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def classify(
    photos: Path,
    file: Path,
    *,
    resume: bool = False,
    make: Callable[[str], Result] = labelled,
    wanted: Callable[[Result], bool] = lambda result: True,
) -> list[str]:
    """Do what the command does, with a network that reads no files; return the "id"s of what was not kept."""
    with open_output(str(file), resume=resume, overwrite=not resume) as stream:
        table = CsvTable(str(photos), column="image")
        layout = Layout(2, columns=table.columns, model=MODEL)
        document = Document(stream, format_of(str(file)), layout, resume=resume)
        done = []

        def results():
            # As in a pipeline, sources are taken ahead of the results.
            sources = list(document.pending(table.sources()))
            for source in sources:
                done.append(source.cells[0])
                name = source.path.rpartition("/")[2]
                bad = len(source.cells) > len(table.columns) or not name or name == "lost.jpg"
                yield source, failed(source.path, source.error) if bad else make(source.path)

        for source, result in results():
            if wanted(result):
                document.write(source, result)
            else:
                document.leave_out()
        document.close()
    return done


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # no test cuts the power
    return write(tmp_path / "photos.csv", ROWS)


# --- what is written


@pytest.mark.parametrize(("name", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_every_cell_is_what_it_was_and_the_new_ones_are_below_their_names(photos: Path, name: str, delimiter: str):
    classify(photos, photos.with_name(f"out.{name}"))
    header, *rows = read(photos.with_name(f"out.{name}").read_bytes(), delimiter)
    assert header == [*HEADER, *NEW]
    for row, cells in zip(rows, ROWS, strict=True):
        assert row[:3] == cells[:3]
        own, extra = row[3:14], row[14:]
        assert extra == cells[3:]
        if cells[0] in "467":
            assert own == ["error", *[""] * 7, own[8], "", MODEL]
            assert own[8]
        else:
            ranked = ["label, 1", "0.500000", "label, 2", "0.333333"]
            assert own == ["ok", "cat", "0.900000", "animal|pet", *ranked, "", "", MODEL]


def test_objects_have_the_row_by_column(photos: Path):
    classify(photos, photos.with_name("out.jsonl"))
    for line, cells in zip(photos.with_name("out.jsonl").read_bytes().splitlines(), ROWS, strict=True):
        record = json.loads(line)
        shown = cells
        assert record["row"] == dict(zip(HEADER, shown, strict=False))
        assert record.get("row_extra", []) == shown[3:]
        assert record["path"] == (str(photos.with_name(shown[1])) if shown[1] else "")


def test_a_table_in_parquet_has_them_too(tmp_path: Path):
    import polars

    rows = [["1", "a.jpg", "nul \x00 \\ud83d"], ["2", "b.jpg", "", "x"], ["3", "猫.jpg", "😀"]]
    photos = write(tmp_path / "photos.csv", rows, ["", "image", "café"])
    classify(photos, tmp_path / "out.parquet")
    found = polars.read_parquet(tmp_path / "out.parquet").to_dicts()
    assert list(found[0]["row"]) == ["", "image", "café"]
    assert [list(each["row"].values()) + (each["row_extra"] or []) for each in found] == rows
    before = (tmp_path / "out.parquet").read_bytes()
    assert classify(photos, tmp_path / "out.parquet", resume=True) == ["2"]
    assert (tmp_path / "out.parquet").read_bytes() == before


def test_wide_rows_in_parquet_are_written_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import pyarrow.parquet as pq

    # What is read in one piece has to fit into memory, and pyarrow refuses 2 GiB of it.
    monkeypatch.setattr("mobilenet_cli.writers.parquet._GROUP_BYTES", 64 << 10)
    rows = [[f"{number}.jpg", str(number % 10) * 10_000] for number in range(15)] + [["wide.jpg", "x" * 100_000]]
    photos = write(tmp_path / "photos.csv", rows, ["image", "note"])
    classify(photos, tmp_path / "out.parquet")
    footer = pq.ParquetFile(tmp_path / "out.parquet").metadata
    assert [footer.row_group(number).num_rows for number in range(footer.num_row_groups)] == [6, 6, 3, 1]
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [list(each["row"].values()) for each in found] == rows
    assert classify(photos, tmp_path / "out.parquet", resume=True) == []


def test_no_column_of_the_table_is_overwritten(tmp_path: Path):
    header = ["image", "status", "label_1", "model", "model_2"]
    photos = write(tmp_path / "photos.csv", [["a.jpg", "new", "mine", "Canon", "EOS"]], header)
    classify(photos, tmp_path / "once.csv")
    once = read((tmp_path / "once.csv").read_bytes())
    new = "status_2,label,score,kinds,label_1_2,score_1,label_2,score_2,error,warning,model_3"
    assert once[0] == [*header, *new.split(",")]
    assert once[1][:5] == ["a.jpg", "new", "mine", "Canon", "EOS"]
    classify(tmp_path / "once.csv", tmp_path / "twice.csv", make=lambda path: labelled(path, "other "))
    twice = read((tmp_path / "twice.csv").read_bytes())
    assert [row[: len(once[0])] for row in twice] == once
    names = "status_3,label_3,score_3,kinds_2,label_1_3,score_1_2,label_2_2,score_2_2,error_2,warning_2,model_4"
    assert twice[0][len(once[0]) :] == names.split(",")
    assert twice[1][len(once[0]) :][4] == "other 1"


def test_a_column_of_truths_called_label_leaves_the_ranked_columns_their_names(tmp_path: Path):
    photos = write(tmp_path / "photos.csv", [["a.jpg", "tabby"]], ["image", "label"])
    classify(photos, tmp_path / "out.csv")
    header, row = read((tmp_path / "out.csv").read_bytes())
    new = "status,label_3,score,kinds,label_1,score_1,label_2,score_2,error,warning,model"
    assert header == ["image", "label", *new.split(",")]
    assert dict(zip(header, row, strict=True))["label_3"] == "cat"


def test_columns_of_one_name_are_two_in_objects(tmp_path: Path):
    photos = write(tmp_path / "photos.csv", [["a.jpg", "x", "y"]], ["image", "note", "note"])
    classify(photos, tmp_path / "out.jsonl")
    record = json.loads((tmp_path / "out.jsonl").read_text())
    assert record["row"] == {"image": "a.jpg", "note": "x", "note_2": "y"}


def test_a_table_without_rows_is_its_header(tmp_path: Path):
    classify(write(tmp_path / "photos.csv", []), tmp_path / "out.csv")
    assert read((tmp_path / "out.csv").read_bytes()) == [[*HEADER, *NEW]]


def test_rows_that_are_not_wanted_take_their_cells_with_them(photos: Path):
    classify(photos, photos.with_name("out.csv"), wanted=lambda result: "a.jpg" in result.path)
    _, *rows = read(photos.with_name("out.csv").read_bytes())
    assert [row[0] for row in rows] == ["1", "3"]


def test_results_in_another_order_than_their_rows_are_an_error_and_no_wrong_table(tmp_path: Path):
    photos = write(tmp_path / "photos.csv", [["1", "a.jpg", "of a"], ["2", "b.jpg", "of b"]])
    with open_output(str(tmp_path / "out.csv")) as stream:
        table = CsvTable(str(photos), column="image")
        document = Document(stream, format_of("out.csv"), Layout(2, columns=table.columns, model=MODEL))
        a, b = document.pending(table.sources())
        with pytest.raises(RuntimeError, match=r"b\.jpg came where that of .*a\.jpg was due"):
            document.write(a, labelled(b.path))


# --- what is gone on with


@pytest.mark.parametrize("name", FORMATS)
def test_wherever_a_document_is_cut_it_is_completed_byte_for_byte(photos: Path, name: str):
    file = photos.with_name(f"out.{name}")
    classify(photos, file)
    document = file.read_bytes()
    rows_before = len(ROWS) + 1
    for cut in (*range(0, len(document), len(document) // 80), len(document)):
        file.unlink(missing_ok=True)
        file.with_name(file.name + ".part").write_bytes(document[:cut])
        again = classify(photos, file, resume=True)
        assert file.read_bytes() == document
        assert len(again) <= rows_before
        rows_before = len(again)
    assert rows_before == 3  # those that failed


@pytest.mark.parametrize("name", [*FORMATS, "parquet"])
def test_a_changed_table_gets_a_row_each_and_only_changed_rows_are_done_again(photos: Path, name: str):
    rows = [cells for cells in ROWS if "é" not in cells[1]]
    write(photos, rows)
    file = photos.with_name(f"out.{name}")
    classify(photos, file)
    first, second, third, *others = rows
    new = ["9", "a.jpg", "first"]
    write(photos, [third, [*second[:2], "edited"], new, *others[1:], first])
    assert classify(photos, file, resume=True) == ["2", "9", "6", "7"]
    anew = photos.with_name(f"anew.{name}")
    classify(photos, anew)
    assert file.read_bytes() == anew.read_bytes()


def test_rows_of_other_columns_are_refused_and_left_as_they_are(photos: Path):
    for ending in (*FORMATS, "parquet"):
        file = photos.with_name(f"out.{ending}")
        classify(photos, file)
        before = file.read_bytes()
        write(photos, ROWS, ["id", "image", "caption"])
        with pytest.raises(OutputError, match=r"columns.*--overwrite"):
            classify(photos, file, resume=True)
        assert file.read_bytes() == before
        assert not file.with_name(file.name + ".part").exists()
        write(photos, ROWS)


def test_results_of_no_table_are_refused(photos: Path):
    line = {
        **{"path": "a.jpg", "status": "ok", "label": None, "kinds": [], "predictions": [{}, {}], "error": None},
        **{"warning": None, "width": 1, "height": 1, "model": MODEL},
    }
    photos.with_name("out.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(OutputError, match="not those of a CSV's rows"):
        classify(photos, photos.with_name("out.jsonl"), resume=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", FORMATS)
def test_any_number_of_interruptions_leave_one_row_a_row(tmp_path: Path, monkeypatch, name: str, seed: int):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    choose = random.Random(seed)
    photos = write(tmp_path / "photos.csv", choose.choices(ROWS, k=30))
    file, part = tmp_path / f"out.{name}", tmp_path / f"out.{name}.part"

    class KillError(BaseException):
        pass

    def sometimes(path: str) -> Result:
        if choose.random() < 0.15:
            raise KillError
        return failed(path, None) if choose.random() < 0.3 else labelled(path)

    while True:
        try:
            classify(photos, file, resume=True, make=sometimes)
            break
        except KillError:
            if part.exists():
                part.write_bytes(part.read_bytes()[: choose.choice([None, -1, -30])])
    classify(photos, file, resume=True)
    classify(photos, tmp_path / f"whole.{name}")
    assert file.read_bytes() == (tmp_path / f"whole.{name}").read_bytes()
