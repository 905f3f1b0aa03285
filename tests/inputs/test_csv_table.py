"""A CSV whose rows name images: what is read of it is what the csv module reads, row by row as it comes."""

from __future__ import annotations

import csv
import io
import os
import random
import threading
from pathlib import Path

import pytest

from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.csv_table import CsvTable

PIECES = ["a.jpg", "b c", ",", ";", "\t", "|", '"', '""', "\n", "\r", "\r\n", " ", "", "猫", "\x85", "\u2028", "\ufeff"]
# What pandas reads otherwise than the csv module: a "\r" alone, NUL bytes.
ODD_PIECES = [*PIECES, "café", "\x00", "'", "\\", "#", "\x1a"]


def table(tmp_path: Path, content: bytes | str, **options: str) -> CsvTable:
    file = tmp_path / "photos.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return CsvTable(str(file), **options)


def nasty(choose: random.Random, pieces: list[str], width: int) -> list[list[str]]:
    """Rows of cells, the first cell of each not empty, since a blank line is no row."""
    return [
        ["x" + "".join(choose.choices(pieces, k=choose.randrange(5))) for _ in range(width)]
        for _ in range(choose.randrange(30))
    ]


def written(rows: list[list[str]], choose: random.Random, delimiter: str) -> bytes:
    """The rows as the csv module writes them, in one of its ways."""
    text = io.StringIO(newline="")
    quoting = choose.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    # With "\r\n" alone, the module quotes both characters that end a line.
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerows(rows)
    content = text.getvalue().encode()
    return choose.choice([b"", b"\xef\xbb\xbf"]) + content[: choose.choice([None, -2])]


# --- cells


@pytest.mark.parametrize("seed", range(60))
def test_any_cells_are_those_that_the_csv_module_wrote(tmp_path: Path, seed: int):
    choose = random.Random(seed)
    delimiter = choose.choice(",;\t|~ ")
    header = ["path", "note", 'odd,;\t| "name"\r\n'][: choose.randrange(1, 4)]
    rows = nasty(choose, ODD_PIECES, len(header))
    content = written([header, *rows], choose, delimiter)
    found = table(tmp_path, content, delimiter=delimiter)
    assert list(found.columns) == header
    assert [list(cells) for cells in found.rows()] == rows


@pytest.mark.parametrize("seed", range(20))
def test_any_cells_are_those_that_pandas_reads(tmp_path: Path, seed: int):
    import pandas

    choose = random.Random(seed)
    delimiter = choose.choice(",;\t|")
    rows = nasty(choose, PIECES, 3)
    found = table(tmp_path, written([["id", "image", "note, or so"], *rows], choose, delimiter), column="image")
    frame = pandas.read_csv(tmp_path / "photos.csv", sep=delimiter, dtype=str, keep_default_na=False)
    assert list(found.columns) == list(frame.columns)
    assert [list(cells) for cells in found.rows()] == frame.to_numpy().tolist()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like_and_blank_ones_are_no_rows(tmp_path: Path, end: str):
    content = end.join(["", "path,note", "a.jpg,1", "", '"b.jpg","2"', "", ""])
    assert list(table(tmp_path, content).rows()) == [("a.jpg", "1"), ("b.jpg", "2")]


def test_an_empty_cell_alone_is_a_row(tmp_path: Path):
    assert list(table(tmp_path, 'path\na.jpg\n""\n').rows()) == [("a.jpg",), ("",)]


def test_rows_with_too_few_cells_are_filled_and_those_with_too_many_keep_them(tmp_path: Path):
    found = table(tmp_path, "id,path,note\n1,a.jpg\n2\n3,c.jpg,x,y,z\n")
    assert list(found.rows()) == [("1", "a.jpg", ""), ("2", "", ""), ("3", "c.jpg", "x", "y", "z")]


@pytest.mark.parametrize("step", [1, 7])
def test_rows_come_as_they_are_written_to_a_pipe(tmp_path: Path, step: int):
    content = '\ufeffpath;note\r\ncafé.jpg;"ä\r\n""b"""\r\nc.jpg;2\r\n'.encode()
    reads, writes = os.pipe()
    go_on = threading.Semaphore(0)

    def write() -> None:
        for begin in range(0, len(content) - 9, step):
            os.write(writes, content[begin : min(begin + step, len(content) - 9)])
        go_on.acquire(timeout=10)
        os.write(writes, content[-9:])
        os.close(writes)

    threading.Thread(target=write, daemon=True).start()
    rows = CsvTable(f"/dev/fd/{reads}").rows()
    assert next(rows) == ("café.jpg", 'ä\r\n"b"')
    go_on.release()
    assert list(rows) == [("c.jpg", "2")]
    os.close(reads)


# --- delimiters


@pytest.mark.parametrize(
    ("header", "options", "columns"),
    [
        ("path,note", {}, ["path", "note"]),
        ("path;note", {}, ["path", "note"]),
        ("path\tnote", {}, ["path", "note"]),
        ("path|note", {}, ["path", "note"]),
        ("path", {}, ["path"]),
        ('"a;b","path"', {}, ["a;b", "path"]),
        ('"a,b";"path"', {}, ["a,b", "path"]),
        ('id;"na,me, too";path', {}, ["id", "na,me, too", "path"]),
        ("path;height, in m, or so", {}, ["path", "height, in m, or so"]),
        ("a,b,c;the image", {"column": "the image"}, ["a,b,c", "the image"]),
        ('"two\nlines";path;"c,d"', {}, ["two\nlines", "path", "c,d"]),
        ("path:note", {"delimiter": ":"}, ["path", "note"]),
        ("path;note,x", {"delimiter": ",", "column": "x"}, ["path;note", "x"]),
    ],
)
def test_the_header_tells_the_delimiter(tmp_path: Path, header: str, options: dict[str, str], columns: list[str]):
    assert list(table(tmp_path, header + "\n1;2,3\n", **options).columns) == columns


# --- columns


@pytest.mark.parametrize(
    "name", ["path", "file", "filename", "image", "Image_Path", "FILE_NAME", "filepath", "IMG", "url"]
)
def test_the_column_with_a_usual_name_need_not_be_named(tmp_path: Path, name: str):
    assert table(tmp_path, f"id,{name},n\n").column == name


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("id,photo\n", {}, r"which column of .*photos.csv names the images\? .*--column; they are 'id', 'photo'"),
        ("path,image\n", {}, r"--column; they are 'path', 'image'"),
        ("id,photo\n", {"column": "path"}, "has no column 'path'; its columns are 'id', 'photo'"),
        ("path,path\n", {"column": "path"}, "has 2 columns 'path'"),
        ("", {}, "is empty"),
        ("\ufeff\n\n", {}, "is empty"),
        (b"PK\x03\x04\x14\x00\x06\x00", {}, "save it as one first"),
        ('"path\n1\n2\n', {}, "no header"),
        ("x" * (1 << 25), {}, "a line of more than 16,777,216 characters"),
    ],
)
def test_what_has_no_such_column_or_is_no_csv_is_refused(tmp_path: Path, content, options, words):
    with pytest.raises(InputError, match=words):
        table(tmp_path, content, **options)


def test_quotes_that_are_never_closed_are_told_after_the_rows_before_them(tmp_path: Path):
    rows = table(tmp_path, 'path,note\na.jpg,1\nb.jpg,"2\nc.jpg,3\nd.jpg,4\n').rows()
    assert next(rows) == ("a.jpg", "1")
    with pytest.raises(InputError, match="those that open in the row of line 3 are not closed"):
        next(rows)


def test_a_cell_may_be_long_but_not_endless(tmp_path: Path):
    long = "x" * 1_000_000
    assert list(table(tmp_path, f"path,note\na.jpg,{long}\n").rows()) == [("a.jpg", long)]
    line = "x" * 99 + "\n"
    with pytest.raises(InputError, match=r"cannot be read at line .* field limit"):
        list(table(tmp_path, f'path,note\na.jpg,"{line * 200_000}').rows())


# --- encodings


TEXT = "image,Ort\nschloß.jpg,Köln\ncafé.jpg,„Größe“ – 5 €\n"
ROWS = [("schloß.jpg", "Köln"), ("café.jpg", "„Größe“ – 5 €")]
WESTERN = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]


@pytest.mark.parametrize("encoding", WESTERN)
@pytest.mark.parametrize("begin", ["", "x" * 200_000 + "\n"])
def test_the_encoding_of_western_text_is_found(tmp_path: Path, encoding: str, begin: str):
    head, *rest = TEXT.splitlines(keepends=True)
    found = table(tmp_path, (head + begin + "".join(rest)).encode(encoding))
    assert list(found.columns) == ["image", "Ort"]
    assert list(found.rows())[bool(begin) :] == ROWS
    assert bool(found.note) == (encoding == "cp1252")


@pytest.mark.parametrize("encoding", WESTERN)
@pytest.mark.parametrize("step", [1, 3, 1000])
def test_the_encoding_of_a_pipe_is_found(encoding: str, step: int):
    reads, writes = os.pipe()
    content = TEXT.encode(encoding)

    def write() -> None:
        for begin in range(0, len(content), step):
            os.write(writes, content[begin : begin + step])
        os.close(writes)

    threading.Thread(target=write, daemon=True).start()
    assert list(CsvTable(f"/dev/fd/{reads}").rows()) == ROWS
    os.close(reads)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Привет, мир.jpg"),
        ("koi8-r", "Привет, мир.jpg"),
        ("cp1253", "Καλημέρα.jpg"),
        ("cp850", "Möwe und Käse.jpg"),
        ("mac_roman", "Müller und Köln.jpg"),
        ("cp1250", "książka, żółty.jpg"),
        ("shift_jis", "日本の写真.jpg"),
        ("gb18030", "中文照片.jpg"),
        ("euc_kr", "사진첩.jpg"),
    ],
)
def test_other_encodings_are_refused_unless_they_are_given(tmp_path: Path, encoding: str, text: str):
    content = f'path,note\n"{text}",x\n'.encode(encoding)
    with pytest.raises(InputError, match=r"photos\.csv is neither UTF-8 nor, by its letters, cp1252: .*--encoding"):
        list(table(tmp_path, content).rows())
    found = table(tmp_path, content, encoding=encoding)
    assert list(found.rows()) == [(text, "x")]
    assert found.note is None


def test_bytes_that_do_not_fit_later_are_an_error_with_their_line(tmp_path: Path):
    long = "é.jpg,x\n" * 200_000
    rows = table(tmp_path, f"path,note\n{long}".encode() + b"caf\xe9.jpg,1\n").rows()
    with pytest.raises(InputError, match=r"photos\.csv is not utf-8, at least in line 200,002: .*--encoding"):
        list(rows)
    with pytest.raises(InputError, match=r"is not utf-8, at least in line 3: "):
        list(table(tmp_path, "path\nmüde.jpg\ncaf\udce9.jpg\nüber.jpg\n".encode("utf-8", "surrogateescape")).rows())
    with pytest.raises(InputError, match=r"is not ascii, at least in line 2: "):
        list(table(tmp_path, "path\ncafé.jpg\n", encoding="ascii").rows())


@pytest.mark.parametrize("encoding", ["klingon", "base64", "hex", "", "rot13", "a\0b"])
def test_what_is_no_encoding_is_refused(tmp_path: Path, encoding: str):
    with pytest.raises(InputError, match="there is no encoding"):
        table(tmp_path, "path\n", encoding=encoding)


def test_a_mark_is_skipped_where_the_encoding_is_given(tmp_path: Path):
    for encoding in ("utf-8", "utf-16-le"):
        assert table(tmp_path, ("\ufeff" + TEXT).encode(encoding), encoding=encoding).columns == ("image", "Ort")


# --- what Excel and other systems write


@pytest.mark.parametrize("begin", ["sep=;\r\n", "\ufeffsep=;\r\n", "SEP=;\n", '"sep=;"\n', "sep=;;;\n"])
def test_a_line_for_excel_gives_the_delimiter(tmp_path: Path, begin: str):
    found = table(tmp_path, begin + "path;a,b,c\r\nx.jpg;1,2,3\r\n")
    assert found.columns == ("path", "a,b,c")
    for cells in found.rows():
        assert (cells, found.line) == (("x.jpg", "1,2,3"), 3)


def test_a_given_delimiter_counts_more_than_excels(tmp_path: Path):
    assert table(tmp_path, "sep=;\npath,x;y\n", delimiter=",").columns == ("path", "x;y")
    assert table(tmp_path, "sep=\t\npath\tx,y\n").columns == ("path", "x,y")


@pytest.mark.parametrize(
    ("header", "column"),
    [("url,file_name", "file_name"), ("url,img", "img"), ("filepath,path", "path"), ("id,url", "url")],
)
def test_the_more_usual_name_of_a_column_is_taken(tmp_path: Path, header: str, column: str):
    assert table(tmp_path, f"{header}\n").column == column


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("photos\\a.jpg", "photos/a.jpg"),
        (".\\photos\\a.jpg", "photos/a.jpg"),
        ("caf\u00e9/z\u00fc.jpg", "cafe\u0301/zu\u0308.jpg"),
        ("cafe\u0301/zu\u0308.jpg", "caf\u00e9/z\u00fc.jpg"),
        ("caf\u00e9/z\u00fc.jpg", "caf\u00e9/zu\u0308.jpg"),
        ("caf\u00e9\\z\u00fc.jpg", "cafe\u0301/z\u00fc.jpg"),
    ],
)
def test_a_path_that_another_system_spells_otherwise_is_found(tmp_path: Path, cell: str, file: str):
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).touch()
    (source,) = table(tmp_path, f"path\n{cell}\n").sources()
    assert source.error is None
    assert Path(source.path) == tmp_path / file
    assert source.cells == (cell,)


def test_a_file_of_just_that_name_is_taken_first(tmp_path: Path):
    for name in ("photos\\a.jpg", "photos/a.jpg", "z\u00fc.jpg", "zu\u0308.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    cells = ["photos\\a.jpg", "z\u00fc.jpg", "zu\u0308.jpg", "no\\such.jpg"]
    found = table(tmp_path, "\n".join(["path", *cells])).sources()
    assert [source.path for source in found] == [f"{tmp_path}/{cell}" for cell in cells]


def test_a_name_in_the_bytes_of_the_table_is_found(tmp_path: Path):
    file = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(file)).touch()
    (source,) = table(tmp_path, b"path\ncaf\xe9.jpg\n").sources()
    assert (os.fsencode(source.path), source.error, source.cells) == (file, None, ("café.jpg",))


# --- images


@pytest.mark.parametrize(
    "cell",
    [
        "data:image/png;base64,iVBORw0KGgo=",
        "data:image/png;base64,iVBORw0KGgo",
        "DATA:;base64,iVBORw0KGgo%3D",
        "data:image/png;name=a.png;base64,iVBO Rw0K\nGgo=",
        "data:image/png,%89PNG%0D%0A%1A%0A",
    ],
)
def test_a_cell_may_be_the_image_itself(tmp_path: Path, cell: str):
    (source,) = table(tmp_path, f'img,note\n"{cell}",x\n').sources()
    assert (source.data, source.error, source.cells) == (b"\x89PNG\r\n\x1a\n", None, (cell, "x"))
    assert len(source.path) <= 41


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("data:image/png;base64,iVBO*Rw0KGgo=", "its base64 is damaged"),
        ("data:image/png;base64,", "there is no image behind data:"),
        ("data:image/png;base64," + "A" * 11_200_000, "too large: an image in a cell has at most 8 MiB"),
    ],
)
def test_an_image_in_a_cell_that_is_none_is_an_error(tmp_path: Path, cell: str, error: str):
    (source,) = table(tmp_path, f'img\n"{cell}"\n').sources()
    assert (source.data, source.error) == (None, error)


def test_relative_paths_begin_in_the_folder_of_the_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "folder").mkdir()
    cells = [
        "a.jpg",
        "./a.jpg",
        str(tmp_path / "a.jpg"),
        "b.jpg",
        "folder",
        "",
        " ",
        "a\0b",
        "https://x.org/a.jpg",
        "-",
    ]
    found = list(table(tmp_path, "\n".join(["path", *(f'"{cell}"' for cell in cells)])).sources())
    assert [source.cells for source in found] == [(cell,) for cell in cells]
    folder = f"{tmp_path}/"
    assert [(source.path, source.error) for source in found] == [
        (folder + "a.jpg", None),
        (folder + "./a.jpg", None),
        (folder + "a.jpg", None),
        (folder + "b.jpg", "no such file or folder"),
        (folder + "folder", "a folder, not an image"),
        ("", "the cell in column path is empty"),
        (folder + " ", "the cell in column path is empty"),
        (folder + "a\0b", "no such file or folder"),
        ("https://x.org/a.jpg", None),
        (folder + "-", "no such file or folder"),
    ]
    monkeypatch.chdir(tmp_path)
    assert next(CsvTable("photos.csv").sources()).path == "a.jpg"


def test_paths_from_a_pipe_begin_in_the_current_folder():
    reads, writes = os.pipe()
    os.write(writes, b"path\na.jpg\n")
    os.close(writes)
    assert next(CsvTable(f"/dev/fd/{reads}").sources()).path == "a.jpg"
    os.close(reads)


def test_a_row_whose_cells_may_have_moved_is_not_read(tmp_path: Path):
    (tmp_path / "a.jpg").touch()
    (source,) = table(tmp_path, "note,path\nGrey, small,a.jpg\n").sources()
    assert source.error == "the row has 3 cells for 2 columns"
