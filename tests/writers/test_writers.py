"""What `--format` promises: documents that other programs read back, and a table that people can."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace

import duckdb
import pandas
import pytest
from results import failed_result, name, prediction, result_of

from mobilenet_cli.errors import InputError
from mobilenet_cli.json_lines import encoded
from mobilenet_cli.records import Result
from mobilenet_cli.writers import FORMATS, LONG_TABLE, Layout, format_of
from mobilenet_cli.writers.json_reading import read_results

MODEL = "mobilenet_v1_100_128"
TABBY = prediction("tabby", 0.6212345678, index=282, wnid="n02123045")
TIGER = prediction("tiger cat", 0.2, rank=2, index=283, wnid="n02123159")
CAT = result_of(
    "images/cat.jpg",
    [TABBY, TIGER],
    label=name("cat", 0.9212345678, wnid="n02121808"),
    kinds=[name("animal", 0.95, wnid="n00015388"), name("pet", 0.925, wnid="n01318894")],
    width=500,
    height=375,
    model=MODEL,
)
LOST = failed_result("gone.jpg", model=MODEL)
UNSURE = result_of("fog.jpg", warning="the file ends early", width=64, height=48, model=MODEL)

HARD_NAMES = [
    'a "quoted", name.jpg',
    "new\nline.jpg",
    "carriage\rreturn.jpg",
    "tab\there.jpg",
    " spaces ",
    "=1+1.jpg",
    "naïve 猫 😀.jpg",
    "back\\slash.jpg",
]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for variable in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def named(path: str, record: Result = CAT) -> Result:
    return replace(record, path=path)


def document(name: str, results, stream: io.BytesIO | None = None, **layout) -> bytes:
    stream = io.BytesIO() if stream is None else stream
    writer = (LONG_TABLE if name == "long table" else FORMATS[name]).make(stream, Layout(**{"top_k": 2, **layout}))
    for result in results:
        writer.write(result)
    writer.close()
    return stream.getvalue()


# --- CSV and TSV


def test_csv_is_a_row_an_image_in_the_documented_columns():
    assert document("csv", [CAT, LOST, UNSURE]).decode() == (
        "path,status,label,score,kinds,label_1,score_1,label_2,score_2,error,warning,model\n"
        "images/cat.jpg,ok,cat,0.921235,animal|pet,tabby,0.621235,tiger cat,0.200000,,,mobilenet_v1_100_128\n"
        "gone.jpg,error,,,,,,,,no such file,,mobilenet_v1_100_128\n"
        "fog.jpg,ok,,,,,,,,,the file ends early,mobilenet_v1_100_128\n"
    )


def test_long_csv_is_a_row_a_name_and_keeps_a_row_for_images_without_any():
    assert document("csv", [CAT, LOST, UNSURE], long=True).decode() == (
        "path,rank,index,wnid,label,score,kinds,error,warning,model\n"
        "images/cat.jpg,0,,n02121808,cat,0.921235,animal|pet,,,mobilenet_v1_100_128\n"
        "images/cat.jpg,1,282,n02123045,tabby,0.621235,,,,mobilenet_v1_100_128\n"
        "images/cat.jpg,2,283,n02123159,tiger cat,0.200000,,,,mobilenet_v1_100_128\n"
        "gone.jpg,,,,,,,no such file,,mobilenet_v1_100_128\n"
        "fog.jpg,,,,,,,,the file ends early,mobilenet_v1_100_128\n"
    )


def test_tsv_is_the_same_table_with_tabs():
    commas = csv.reader(io.StringIO(document("csv", [CAT, LOST]).decode()))
    tabs = csv.reader(io.StringIO(document("tsv", [CAT, LOST]).decode()), delimiter="\t")
    assert list(tabs) == list(commas)


def test_fewer_predictions_than_columns_leave_empty_cells():
    one = result_of("a.jpg", [TABBY])
    assert document("csv", [one], top_k=3).decode().splitlines()[1] == "a.jpg,ok,,,,tabby,0.621235,,,,,,,m"


@pytest.mark.parametrize("long", [False, True])
def test_csv_of_no_results_is_a_header_alone(long):
    assert document("csv", [], long=long) == document("csv", [CAT], long=long).splitlines(keepends=True)[0]


@pytest.mark.parametrize("name", HARD_NAMES)
@pytest.mark.parametrize(("format_", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_delimited_names_are_read_back_as_they_were(format_, delimiter, name):
    text = document(format_, [named(name), CAT]).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert [row["path"] for row in rows] == [name, "images/cat.jpg"]
    assert [row["label_2"] for row in rows] == ["tiger cat", "tiger cat"]
    assert text.endswith("mobilenet_v1_100_128\n")
    assert "\r\n" not in text


# --- JSON


def test_a_json_object_has_every_field_of_a_result():
    expected = {
        "path": "images/cat.jpg",
        "status": "ok",
        "label": {"wnid": "n02121808", "label": "cat", "score": 0.921235},
        "kinds": [
            {"wnid": "n00015388", "label": "animal", "score": 0.95},
            {"wnid": "n01318894", "label": "pet", "score": 0.925},
        ],
        "predictions": [
            {"rank": 1, "index": 282, "wnid": "n02123045", "label": "tabby", "score": 0.621235},
            {"rank": 2, "index": 283, "wnid": "n02123159", "label": "tiger cat", "score": 0.2},
        ],
        "error": None,
        "warning": None,
        "width": 500,
        "height": 375,
        "model": "mobilenet_v1_100_128",
    }
    record = json.loads(document("jsonl", [CAT]))
    assert record == expected
    assert list(record) == list(expected)


def test_a_failed_image_is_an_object_too():
    record = json.loads(document("jsonl", [LOST]))
    assert (record["status"], record["error"], record["predictions"]) == ("error", "no such file", [])
    assert (record["label"], record["kinds"]) == (None, [])


def test_a_warning_is_a_field():
    assert json.loads(document("jsonl", [UNSURE]))["warning"] == "the file ends early"


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_results_are_read_back_as_they_were(format_):
    results = [CAT, LOST, UNSURE]
    read = list(read_results(io.BytesIO(document(format_, results))))
    rounded = replace(
        CAT, label=name("cat", 0.921235, wnid="n02121808"), predictions=(replace(TABBY, score=0.621235), TIGER)
    )
    assert read == [rounded, LOST, UNSURE]


def test_results_of_a_version_without_sure_labels_are_read_too():
    record = json.loads(document("jsonl", [CAT]))
    for field in ("label", "kinds", "warning"):
        del record[field]
    (read,) = read_results(io.BytesIO(json.dumps(record).encode()))
    assert (read.path, read.label, read.kinds, read.warning) == (CAT.path, None, (), None)
    assert read.predictions[1] == TIGER


@pytest.mark.parametrize(
    "fields",
    [
        {"label": {"wnid": "", "label": "cat", "score": 2.0}},
        {"label": {"wnid": "", "label": None, "score": 0.5}},
        {"label": "cat"},
        {"kinds": [{"wnid": "", "label": "animal"}]},
        {"warning": 1},
    ],
)
def test_fields_of_another_kind_are_refused(fields):
    record = json.loads(document("jsonl", [CAT])) | fields
    with pytest.raises(ValueError, match="its line 1 is not one of mnclassify's results"):
        list(read_results(io.BytesIO(json.dumps(record).encode())))


def test_jsonl_is_an_object_a_line():
    lines = document("jsonl", [CAT, LOST, named("a\nb")]).decode().split("\n")
    assert [json.loads(line)["path"] for line in lines[:-1]] == ["images/cat.jpg", "gone.jpg", "a\nb"]
    assert lines[-1] == ""


@pytest.mark.parametrize("results", [[], [CAT], [CAT, LOST, UNSURE]])
def test_json_is_one_array_with_an_object_a_line(results):
    text = document("json", results).decode()
    assert [record["path"] for record in json.loads(text)] == [result.path for result in results]
    assert text.count("\n") == (len(results) + 2 if results else 1)


def test_json_text_stays_readable():
    assert "naïve 猫 😀".encode() in document("jsonl", [named("naïve 猫 😀")])


def test_json_holds_no_control_character_that_a_terminal_obeys():
    written = document("jsonl", [named("\x1b[31m \x9b31m \x7f")])
    assert not any(unicodedata.category(character) == "Cc" for character in written.decode().rstrip("\n"))
    assert json.loads(written)["path"] == "\x1b[31m \x9b31m \x7f"


# --- names that are not UTF-8

BYTES = b"caf\xe9 \xff.jpg"


@pytest.mark.parametrize("format_", ["csv", "tsv", "table"])
def test_an_undecodable_name_is_shown_escaped_in_valid_utf8(format_):
    assert "caf\\xe9 \\xff.jpg" in document(format_, [named(os.fsdecode(BYTES))]).decode()


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_an_undecodable_name_makes_no_json_that_other_readers_refuse(format_, tmp_path):
    file = tmp_path / f"results.{format_}"
    file.write_bytes(document(format_, [named(os.fsdecode(BYTES)), named("naïve \\xe9.jpg")]))
    shown = [("caf\\xe9 \\xff.jpg",), ("naïve \\xe9.jpg",)]
    assert duckdb.sql(f"SELECT path FROM read_json('{file}')").fetchall() == shown
    assert pandas.read_json(file, lines=format_ == "jsonl").path.to_list() == [path for (path,) in shown]


def test_lines_that_only_this_package_reads_have_the_names_bytes():
    written = encoded({"path": os.fsdecode(BYTES)}, exact=True)
    assert os.fsencode(json.loads(written.decode())["path"]) == BYTES


def test_an_undecodable_name_survives_path_byte_for_byte():
    assert document("path", [named(os.fsdecode(BYTES))]) == BYTES + b"\n"


# --- paths


def test_path_lists_only_images_with_a_prediction_left():
    assert document("path", [CAT, LOST, UNSURE, named("b.jpg")]) == b"images/cat.jpg\nb.jpg\n"


def test_path_lists_whatever_a_search_has_found():
    assert document("path", [CAT, LOST, UNSURE], selected=True) == b"images/cat.jpg\nfog.jpg\n"


def test_print0_separates_names_that_hold_newlines():
    assert document("path", [named("a\nb"), CAT], null=True) == b"a\nb\0images/cat.jpg\0"


# --- every format


@pytest.mark.parametrize("format_", list(FORMATS))
def test_each_result_is_one_write_and_nothing_comes_before_the_first(format_):
    class Counting(io.BytesIO):
        writes = 0

        def write(self, data):
            self.writes += 1
            return super().write(data)

    stream = Counting()
    writer = FORMATS[format_].make(stream, Layout(2))
    counts = [stream.writes]
    for result in (CAT, CAT):
        writer.write(result)
        counts.append(stream.writes)
    writer.close()
    assert counts == [0, 1, 2]
    assert not stream.closed


@pytest.mark.parametrize(
    ("path", "format_"),
    [("a.csv", "csv"), ("b/A.CSV", "csv"), ("a.tsv", "tsv"), ("a.json", "json"), ("a.jsonl", "jsonl")],
)
def test_the_ending_of_a_file_names_its_format(path, format_):
    assert format_of(path) is FORMATS[format_]


@pytest.mark.parametrize("path", ["results", "results.xml", "csv", "a.csv/b"])
def test_an_unknown_ending_is_refused_with_those_that_are_known(path):
    with pytest.raises(InputError) as caught:
        format_of(path)
    for each in FORMATS.values():
        assert all(ending in str(caught.value) for ending in each.endings)


def test_an_ending_means_one_format():
    endings = [ending for each in FORMATS.values() for ending in each.endings]
    assert len(endings) == len(set(endings))


def test_the_table_of_formats_is_there_without_heavy_imports():
    code = "import sys, mobilenet_cli.writers; print({'rich', 'numpy', 'PIL'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == (
        "set()\n"
    )


# --- the table with a line a label, that of -k

LONG_NAME = "holiday/2019/Corsica/" + "with the whole family/" * 4 + "IMG_20190714.jpeg"
STAFFORD = prediction("American Staffordshire terrier", 0.999, index=181, wnid="n02093428")
DOG = result_of(
    "dog.jpg",
    [STAFFORD, TIGER],
    label=name(STAFFORD.label, STAFFORD.score, wnid=STAFFORD.wnid),
    kinds=[name(word) for word in ("animal", "mammal", "pet", "dog", "terrier")],
)


def cells(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide


def fold(line: str, width: int) -> str:
    """What of a line is within its first `width` cells."""
    return next(line[:end] for end in range(len(line), -1, -1) if cells(line[:end]) <= width)


def on_terminal(results, width: int, monkeypatch, table: str = "long table", **layout) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    text = document(table, results, Terminal(), **layout).decode()
    return re.sub("\x1b\\[[0-9;]*m", "", text).splitlines()


def test_the_table_reads_as_file_score_label(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert document("long table", [CAT, LOST]).decode() == (
        "File                        Score  Label\n"
        "────────────────────────────────────────────────────────────\n"
        "images/cat.jpg              92.1%  cat  animal, pet\n"
        "                            62.1%  tabby\n"
        "                            20.0%  tiger cat\n"
        "\n"
        "gone.jpg                   no such file\n"
    )


def test_a_wide_table_has_a_bar_as_long_as_the_score(monkeypatch):
    half = result_of("half.jpg", [prediction("half", 0.5)], label=name("half", 0.5))
    whole = result_of("whole.jpg", [prediction("whole", 1.0)], label=name("whole", 1.0))
    lines = on_terminal([half, whole], 136, monkeypatch, top_k=1)
    assert [line.count("█") for line in lines[2:]] == [10, 20]


@pytest.mark.parametrize("table", ["table", "long table"])
def test_no_results_make_no_table(table):
    assert document(table, []) == b""


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("name", [LONG_NAME, "猫" * 70 + ".jpg", "x" * 300], ids=["path", "wide", "one-word"])
def test_a_terminal_shows_all_of_a_long_name_within_its_width(name, width, monkeypatch):
    lines = on_terminal([named(name, DOG)], width, monkeypatch)
    assert max(cells(line) for line in lines) <= width
    column = lines[0].index(" Score") - len("  ")
    shown = "".join(fold(line, column) for line in lines[2:])
    assert shown.replace(" ", "") == name.replace(" ", "")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_terminal_shows_all_of_a_long_reason_within_its_width(width, monkeypatch):
    failed = failed_result("a.jpg", "cannot identify the image " + "because " * 20)
    lines = on_terminal([failed], width, monkeypatch)
    assert max(cells(line) for line in lines) <= width
    assert "".join(lines).count("because") == 20


def test_a_long_label_folds_between_its_words(monkeypatch):
    lines = on_terminal([DOG], 40, monkeypatch)
    assert [line.split() for line in lines[2:]] == [
        ["dog.jpg", "99.9%", "American"],
        ["Staffordshire"],
        ["terrier"],
        ["animal,", "mammal,"],
        ["pet,", "dog,"],
        ["terrier"],
        ["20.0%", "tiger", "cat"],
    ]


def test_a_pipe_keeps_every_name_reason_and_label_on_one_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    failed = failed_result("broken.jpg", "the file ends before the image does, or so it seems")
    lines = document("long table", [named(LONG_NAME, DOG), failed]).decode().splitlines()
    assert LONG_NAME in lines
    assert any(
        line.endswith("99.9%  American Staffordshire terrier  animal, mammal, pet, dog, terrier") for line in lines
    )
    assert any("broken.jpg" in line and line.endswith(failed.error) for line in lines)


@pytest.mark.parametrize("table", ["table", "long table"])
def test_without_a_terminal_the_table_has_no_escape_codes(table):
    assert b"\x1b" not in document(table, [CAT, LOST])


def test_a_terminal_shows_the_sure_label_bold_its_kinds_dimmed_and_a_failure_red():
    written = document("long table", [CAT, LOST], Terminal()).decode()
    assert "\x1b[1mcat\x1b[0m  \x1b[2manimal, pet\x1b[0m" in written
    assert "\x1b[2mtabby\x1b[0m" in written
    assert "\x1b[31mno such file\x1b[0m" in written


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
@pytest.mark.parametrize("table", ["table", "long table"])
def test_the_user_can_have_a_terminal_without_colours(variable, value, monkeypatch, table):
    monkeypatch.setenv(variable, value)
    assert "\x1b[3" not in document(table, [CAT, LOST], Terminal()).decode()


@pytest.mark.parametrize("table", ["table", "long table"])
@pytest.mark.parametrize("stream", [io.BytesIO, Terminal])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b]0;owned\x07.jpg", "\\x1b]0;owned\\x07.jpg"),
        ("a\nb\rc\td.jpg", "a\\nb\\rc\\td.jpg"),
        ("\x9b31mred.jpg", "\\x9b31mred.jpg"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("[red]x[/red] :smile:", "[red]x[/red] :smile:"),
    ],
)
def test_a_name_cannot_command_the_terminal(name, shown, stream, table):
    written = document(table, [result_of(name, [prediction(name)])], stream()).decode()
    assert re.sub("\x1b\\[[0-9;]*m", "", written).count(shown) == 2
    failed = document(table, [failed_result("x.jpg", name)], stream()).decode()
    assert shown in failed
    assert not re.search("[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202e]|\x1b(?!\\[[0-9;]*m)", written + failed)


def test_a_sure_label_that_is_the_best_prediction_has_one_line(monkeypatch):
    lines = on_terminal([replace(DOG, kinds=())], 80, monkeypatch)
    assert [line.split() for line in lines[2:]] == [
        ["dog.jpg", "99.9%", "██████", "American", "Staffordshire", "terrier"],
        ["20.0%", "█▎", "tiger", "cat"],
    ]


def test_an_image_without_a_sure_label_says_so_and_has_its_predictions(monkeypatch):
    lines = on_terminal([replace(CAT, label=None, kinds=())], 60, monkeypatch)
    assert [line.split() for line in lines[2:]] == [
        ["images/cat.jpg", "–", "not", "sure"],
        ["62.1%", "tabby"],
        ["20.0%", "tiger", "cat"],
    ]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_terminal_shows_all_kinds_and_the_warning_within_its_width(width, monkeypatch):
    warned = replace(DOG, warning="the file ends early " * 5)
    lines = on_terminal([warned], width, monkeypatch)
    assert max(cells(line) for line in lines) <= width
    column = lines[0].index("Label")
    shown = "".join(line[column:] for line in lines[2:])
    assert "animal,mammal,pet,dog,terrier" in shown.replace(" ", "")
    assert "".join(lines).count("early") == 5
    assert "\x1b[33m" in document("long table", [warned], Terminal()).decode()


def test_images_are_set_apart_only_where_each_has_several_lines(monkeypatch):
    assert "" in on_terminal([CAT, DOG], 80, monkeypatch)
    assert "" not in on_terminal([CAT, DOG], 80, monkeypatch, top_k=1)


def test_an_image_without_a_prediction_left_keeps_its_line(monkeypatch):
    assert any(
        line.split() == ["fog.jpg", "no", "prediction", "left"] for line in on_terminal([UNSURE], 80, monkeypatch)
    )
