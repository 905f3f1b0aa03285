"""The installed command in pipelines, on lists of files and on tables: `--from`, `-0`, `--from-csv`."""

from __future__ import annotations

import base64
import csv
import io
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SAMPLES, Run

pytestmark = pytest.mark.slow

COMMAND = str(Path(sys.executable).with_name("mnclassify"))
CAT, ESPRESSO = str(SAMPLES / "cat.jpg"), str(SAMPLES / "espresso.webp")


def statuses(text: str) -> list[tuple[str, str]]:
    return [(row["path"], row["status"]) for row in csv.DictReader(io.StringIO(text))]


def test_each_line_is_a_row_in_its_place_after_the_arguments(mnclassify: Run, tmp_path: Path):
    (tmp_path / "list").write_text(f"{ESPRESSO}\n\nmissing.jpg\n{SAMPLES}\n{CAT}")
    done = mnclassify(CAT, "--from", str(tmp_path / "list"))
    assert done.returncode == 1
    assert statuses(done.stdout) == [
        (CAT, "ok"),
        (ESPRESSO, "ok"),
        ("missing.jpg", "error"),
        (str(SAMPLES), "error"),
        (CAT, "ok"),
    ]


def test_find_print0_passes_any_name_there_and_back(mnclassify: Run, tmp_path: Path):
    names = [os.fsencode(tmp_path) + name for name in (b"/a\nb.jpg", b"/caf\xe9.jpg", b"/ c ")]
    for name in names:
        shutil.copy(CAT, name)
    # `sort` only makes the order known.
    script = f"find {tmp_path} -type f -print0 | sort -z | '{COMMAND}' --from - -0 -f path --print0"
    done = subprocess.run(["bash", "-c", script], capture_output=True)
    assert done.stdout.split(b"\0")[:-1] == sorted(names)
    assert done.returncode == 0


def test_matching_paths_go_to_xargs_whatever_they_are_called(mnclassify: Run, tmp_path: Path):
    cat, other = tmp_path / "a\n cat's.jpg", tmp_path / "b.webp"
    shutil.copy(CAT, cat)
    shutil.copy(ESPRESSO, other)
    script = f"'{COMMAND}' {tmp_path} --match '*cat*' -f path --print0 | xargs -0 -n 1 rm -v"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == [other]


def test_an_image_may_come_down_a_pipe_in_pieces(mnclassify: Run):
    script = f"(head -c 999 {CAT}; sleep 0.3; tail -c +1000 {CAT}) | '{COMMAND}' - -f jsonl"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert "Egyptian cat" in done.stdout


def test_paths_are_relative_to_the_working_folder_and_not_to_the_list(mnclassify: Run, tmp_path: Path):
    (tmp_path / "list").write_text("cat.jpg\n")
    assert statuses(mnclassify("--from", str(tmp_path / "list"), cwd=SAMPLES).stdout) == [("cat.jpg", "ok")]


def test_an_empty_list_finds_nothing(mnclassify: Run):
    done = mnclassify("--from", "-", "-f", "csv", input="")
    assert done.returncode == 1
    assert "no images found" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-0"], "--from"),
        (["-f", "csv"], "--from"),
        (["--from", "nowhere"], "does not exist"),
        (["--from", str(SAMPLES)], "is a directory"),
        (["--from", "-", "-"], "not both"),
        (["--from", CAT], "--null"),
        (["--from-csv", str(SAMPLES / "README.md"), CAT], "names every image"),
        (["--from-csv", CAT], "save it as one first"),
        (["--from-csv", "-", "--column", "x"], "standard input is empty"),
        (["--column", "x", CAT], "needs --from-csv"),
        (["--from-csv", "-", "--delimiter", ";;"], "one character"),
        ([CAT, "-f", "parquet"], "parquet goes to a file: give -o FILE"),
        ([CAT, "-f", "html"], "html goes to a file: give -o FILE"),
        ([CAT, "-f", "parquet", "-o", "/dev/stdout"], "regular file"),
    ],
)
def test_wrong_usage_is_2_with_a_reason(mnclassify: Run, arguments: list[str], words: str):
    done = mnclassify(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("piped", "total"), [(False, "/60"), (True, "")])
def test_progress_knows_the_total_of_a_file_but_not_of_a_pipe(mnclassify: Run, tmp_path: Path, piped: bool, total: str):
    (tmp_path / "list").write_text(f"{CAT}\n" * 60)
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "-m", "efficientnet_lite0", "-f", "csv", "--from", "-" if piped else str(tmp_path / "list")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"},
    )
    os.close(terminal)
    process.stdin.write((tmp_path / "list").read_bytes() if piped else b"")
    process.stdin.close()
    shown = b""
    try:
        while data := os.read(main, 65536):
            shown += data
    except OSError:  # how Linux tells the end of a terminal
        pass
    os.close(main)
    assert process.wait() == 0
    assert b"images/s" in shown
    assert total in shown.decode()
    assert piped == (b"/60" not in shown)


# --- tables


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A CSV from a spreadsheet, in a folder with two images and one that is missing."""
    (tmp_path / "images").mkdir()
    shutil.copy(CAT, tmp_path / "images" / "1, a.jpg")
    shutil.copy(ESPRESSO, tmp_path / "images" / "2.webp")
    lines = [
        '\ufeffid;"image file";note;status',
        '1;"images/1, a.jpg";"two\r\nlines; ""x""";sold',
        "2;images/2.webp;;",
        "3;;none;sold",
        "4;images/4.jpg;;",
    ]
    file = tmp_path / "photos.csv"
    file.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    return file


def test_a_table_of_excel_in_cp1252_is_labelled_in_utf8(mnclassify: Run, tmp_path: Path):
    shutil.copy(CAT, tmp_path / "schloß.jpg")
    image = base64.b64encode((tmp_path / "schloß.jpg").read_bytes()).decode()
    text = f"sep=;\r\nfilepath;ort\r\n.\\schloß.jpg;Köln\r\n'data:image/jpeg;base64,{image}';Düren\r\n".replace(
        "'", '"'
    )
    (tmp_path / "photos.csv").write_bytes(text.encode("cp1252"))
    done = mnclassify("--from-csv", str(tmp_path / "photos.csv"), "-k", "1", "-f", "csv")
    assert done.returncode == 0
    assert "is read as cp1252; --encoding gives another" in done.stderr
    header, *rows = csv.reader(io.StringIO(done.stdout if isinstance(done.stdout, str) else done.stdout.decode()))
    assert header[:4] == ["filepath", "ort", "status", "label"]
    assert [row[1:4] for row in rows] == [["Köln", "ok", "cat"], ["Düren", "ok", "cat"]]


def test_a_table_is_labelled_beside_its_own_columns(mnclassify: Run, photos: Path):
    out = photos.with_name("labelled.csv")
    arguments = ["--from-csv", str(photos), "--column", "image file", "-k", "1", "-o", str(out)]
    done = mnclassify(*arguments)
    assert done.returncode == 1
    assert "2 of 4 images could not be classified" in done.stderr
    header, *rows = csv.reader(io.StringIO(out.read_bytes().decode(), newline=""))
    new = ["status_2", "label", "score", "kinds", "label_1", "score_1", "error", "warning", "model"]
    assert header == ["id", "image file", "note", "status", *new]
    assert [row[:6] for row in rows] == [
        ["1", "images/1, a.jpg", 'two\r\nlines; "x"', "sold", "ok", "cat"],
        ["2", "images/2.webp", "", "", "ok", "espresso"],
        ["3", "", "none", "sold", "error", ""],
        ["4", "images/4.jpg", "", "", "error", ""],
    ]
    assert [row[7:9] for row in rows][:2] == [["animal", "Egyptian cat"], ["drink|coffee", "espresso"]]
    assert [row[10] for row in rows] == ["", "", "the cell in column image file is empty", "no such file or folder"]
    shutil.copy(CAT, photos.parent / "images" / "4.jpg")
    before = out.read_bytes()
    assert "2 images already done" in mnclassify(*arguments, "--resume").stderr
    assert out.read_bytes().startswith(before[: before.index(b"4,images")])
    *_, last = csv.reader(io.StringIO(out.read_bytes().decode(), newline=""))
    assert last[:6] == ["4", "images/4.jpg", "", "", "ok", "cat"]
    assert last[7:9] == ["animal", "Egyptian cat"]
    assert float(last[9]) == pytest.approx(0.3768, abs=1e-4)
    assert last[10:] == ["", "", "efficientnet_lite0"]
    assert out.read_bytes().endswith(b"\n")


def test_a_table_from_a_pipe_has_its_images_in_the_current_folder(mnclassify: Run, photos: Path):
    arguments = ["--from-csv", "-", "--column", "image file", "-k", "1"]
    done = mnclassify(*arguments, "-f", "tsv", input=photos.read_text(), cwd=photos.parent)
    assert "\tanimal\tEgyptian cat\t" in done.stdout
    done = mnclassify(*arguments, "-f", "path", "--match", "*cat*", input=photos.read_text(), cwd=photos.parent)
    assert done.stdout == "images/1, a.jpg\n"


def test_a_column_that_is_not_there_is_told_with_those_that_are(mnclassify: Run, photos: Path):
    done = mnclassify("--from-csv", str(photos), "--column", "image", "-o", str(photos.with_name("out.csv")))
    assert done.returncode == 2
    assert "has no column 'image'; its columns are 'id', 'image file', 'note', 'status'\n" in done.stderr
    done = mnclassify("--from-csv", str(photos), "--column", "image file", "--long", "-f", "csv")
    assert (done.returncode, "omit --long" in done.stderr) == (2, True)
    assert not photos.with_name("out.csv").exists()


def test_quotes_that_are_never_closed_end_the_run_after_the_rows_before_them(mnclassify: Run, photos: Path):
    with photos.open("a") as file:
        file.write('5;"images/2.webp;;\n6;images/2.webp;;\n')
    done = mnclassify("--from-csv", str(photos), "--column", "image file", "-f", "csv")
    assert done.returncode == 2
    assert "those that open in the row of line 7 are not closed" in done.stderr
    assert len(list(csv.reader(io.StringIO(done.stdout)))) == 5


def test_parquet_and_a_page_are_files_like_the_others(mnclassify: Run, tmp_path: Path):
    import polars

    done = mnclassify(CAT, "none.jpg", "-k", "2", "-o", str(tmp_path / "labels.parquet"))
    assert (done.returncode, done.stdout) == (1, "")
    cat, none = polars.read_parquet(tmp_path / "labels.parquet").to_dicts()
    assert (cat["path"], cat["predictions"][0]["label"], none["status"]) == (CAT, "Egyptian cat", "error")
    assert (cat["label"]["label"], cat["kinds"][0]["label"], none["label"]) == ("cat", "animal", None)
    mnclassify(CAT, "-o", str(tmp_path / "labels.html"))
    assert "Egyptian cat" in (tmp_path / "labels.html").read_text()
