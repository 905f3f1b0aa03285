"""Results read back from every format that holds them."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path

import pytest
from results import failed_result, name, prediction, result_of

from mobilenet_cli.files.document import Document
from mobilenet_cli.files.open import open_output
from mobilenet_cli.records import Result, RowSource, Source
from mobilenet_cli.writers import FORMATS, Layout
from mobilenet_cli.writers.reading import read_saved

MODEL = "some_model"
WIDE = ["csv", "tsv"]


def labelled(path: str, ranks: int = 2) -> Result:
    made = [
        prediction(f"label, {n}", round(1 / (n + 1), 6), rank=n, index=n, wnid=f"n0{n}") for n in range(1, ranks + 1)
    ]
    kinds = [replace(name("animal"), score=0.95), replace(name("dog, hound"), score=0.9)]
    return result_of(path, made, label=name("beagle"), kinds=kinds, model=MODEL)


RESULTS = [
    labelled("a.jpg"),
    replace(labelled('say "x",\ny.jpg'), warning="cut, short", label=None, kinds=()),
    failed_result("=1+1.jpg", 'cannot be read: "x", y', model=MODEL),
    labelled("a.jpg"),  # named twice
    labelled("猫.jpg", ranks=0),
    labelled("none.jpg", ranks=1),
]


def written(tmp_path: Path, format_: str, layout: Layout, sources=None) -> bytes:
    file = tmp_path / f"results.{format_}"
    with open_output(str(file)) as stream:
        document = Document(stream, FORMATS[format_], layout)
        pending = sources or [Source(each.path) for each in RESULTS]
        for source, result in zip(document.pending(pending), RESULTS, strict=True):
            document.write(source, replace(result, path=source.path))
        document.close()
    return file.read_bytes()


def as_wide(result: Result) -> Result:
    """What a row an image has of a result."""
    label = result.label and replace(result.label, wnid="")
    predictions = tuple(replace(each, index=-1, wnid="") for each in result.predictions)
    return replace(as_long(result), label=label, predictions=predictions)


def as_long(result: Result) -> Result:
    """What a row a name has: no sizes, and no kinds but their names."""
    kinds = tuple(replace(each, wnid="", score=0.0) for each in result.kinds)
    return replace(result, kinds=kinds, width=None, height=None)


def read(document: bytes, column: str | None = None) -> list[Result]:
    """The results, whose kinds have a score of 0 where they have none."""
    found = []
    for each in read_saved(io.BytesIO(document), column):
        assert all(math.isnan(kind.score) or kind.wnid or kind.score for kind in each.kinds)
        kinds = tuple(replace(kind, score=0.0) if math.isnan(kind.score) else kind for kind in each.kinds)
        found.append(replace(each, kinds=kinds))
    return found


@pytest.mark.parametrize("format_", ["json", "jsonl", "parquet"])
def test_json_and_parquet_give_the_whole_results(tmp_path: Path, format_: str):
    assert read(written(tmp_path, format_, Layout(2, model=MODEL))) == RESULTS


@pytest.mark.parametrize("csv_safe", [False, True])
@pytest.mark.parametrize("format_", WIDE)
def test_a_table_gives_what_its_columns_hold(tmp_path: Path, format_: str, csv_safe: bool):
    document = written(tmp_path, format_, Layout(2, model=MODEL, csv_safe=csv_safe))
    assert read(document) == [as_wide(each) for each in RESULTS]


@pytest.mark.parametrize("format_", WIDE)
def test_a_long_table_gives_the_classes_too(tmp_path: Path, format_: str):
    assert read(written(tmp_path, format_, Layout(2, model=MODEL, long=True))) == [as_long(each) for each in RESULTS]


@pytest.mark.parametrize(
    "header", [("label", "File"), ("id", "IMAGE", "path_2"), ("photo",), ("label", "of"), ("a", "b")]
)
def test_a_table_beside_the_users_own_gives_its_paths(tmp_path: Path, header: tuple[str, ...]):
    column = "of" if "of" in header else None
    place = {"of": 1, "File": 1, "IMAGE": 1, "photo": 0}.get(header[min(1, len(header) - 1)])
    sources = [
        RowSource(each.path, cells=tuple(each.path if n == place else f"{n}" for n in range(len(header))))
        for each in RESULTS
    ]
    document = written(tmp_path, "csv", Layout(2, model=MODEL, columns=header), sources)
    if place is None:
        with pytest.raises(ValueError, match="its columns are 'a,b,status"):
            read(document)
        return
    assert read(document, column) == [as_wide(each) for each in RESULTS]


def test_a_table_that_a_spreadsheet_saved_is_read(tmp_path: Path):
    document = written(tmp_path, "csv", Layout(2, model=MODEL)).removesuffix(b"\n")
    assert read(b"\xef\xbb\xbf" + document) == [as_wide(each) for each in RESULTS]
    assert read(b"\xef\xbb\xbf" + written(tmp_path, "jsonl", Layout(2, model=MODEL))) == RESULTS


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"PAR1 and no more", "not a Parquet file"),
        (b'{"path": 3}', "line 1 is not one of"),
        (b"a,b\n1,2\n", "its columns are 'a,b'"),
        (b"path,status,label,score,kinds,error,warning,model\na,fine,,,,,,m\n", "row at byte 50 is not one"),
        (b"path,status,label,score,kinds,error,warning,model\na,ok,x,7,,,,m\n", "has the score '7'"),
        (b"path,status,label,score,kinds,error,warning,model\na,ok\n", "row at byte 50 is not one"),
        (b"path,rank,index,wnid,label,score,kinds,error,warning,model\na,1,x,n,l,0.5,,,,m\n", "is not one"),
    ],
)
def test_what_is_no_result_is_named(document: bytes, words: str):
    with pytest.raises(ValueError, match=words):
        list(read_saved(io.BytesIO(document)))


def test_an_empty_file_has_no_results():
    assert list(read_saved(io.BytesIO(b""))) == []
