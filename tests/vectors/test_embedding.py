"""Vectors: from the network's outputs to files that other programs read, interrupted or not."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from colour_engine import image
from results import embedding_of, failed_embedding

from mobilenet_cli.errors import InputError, ModelError, OutputError
from mobilenet_cli.files.document import Document
from mobilenet_cli.files.format import Conversion, Format
from mobilenet_cli.files.open import open_output
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.pipeline import Task, run
from mobilenet_cli.postprocess.features import Features
from mobilenet_cli.records import Embedding, Source
from mobilenet_cli.vectors import FORMATS, Shape, format_of
from mobilenet_cli.vectors.neighbours import FORMATS as NEIGHBOUR_FORMATS
from mobilenet_cli.vectors.neighbours import Neighbour, nearest

FEATURES = 7
SHAPE = Shape(FEATURES, "net")
NAMES = ["a.jpg", "naïve \n2.jpg", "caf\udce9.jpg", "gone.jpg", "日本.png"]


def vector(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(0, 10.0 ** (number - 3), FEATURES).astype(np.float32)


def embedding(number: int, path: str | None = None) -> Embedding:
    path = NAMES[number] if path is None else path
    if path == "gone.jpg":
        return failed_embedding(path)
    warning = "the file is cut off" if number == 1 else None
    return embedding_of(path, vector(number), warning=warning, width=640 + number, height=480)


ALL = [embedding(number) for number in range(len(NAMES))]


class StoppedError(Exception):
    """What ends a run of the tests in its midst."""


def embed(
    path: Path,
    wanted: Iterable[Embedding] = ALL,
    *,
    stop_after: int | None = None,
    resume: bool = False,
    shape: Shape = SHAPE,
    chosen: Format | None = None,
) -> list[str]:
    """Write `wanted` as the command does, and return the paths that were not kept from an earlier run."""
    made = {each.path: each for each in wanted}
    done = []
    with open_output(str(path), resume=resume) as stream:
        document = Document(stream, chosen or format_of(str(path)), shape, resume=resume)
        for source in document.pending(Source(each) for each in made):
            document.write(source, made[source.path])
            done.append(source.path)
            if len(done) == stop_after:
                raise StoppedError
        document.close()
    return done


def rows_of(path: Path) -> list[dict[str, object]]:
    """Read any of the formats with the library that it is made for: a dict a row, None where there is nothing."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if path.suffix == ".parquet":
        import pyarrow.parquet

        found = pyarrow.parquet.read_table(path).to_pylist()
    else:
        arrays = np.load(path, allow_pickle=False)
        names = ("paths", "status", "vectors", "errors", "warnings", "widths", "heights")
        rows = zip(*(arrays[name].tolist() for name in names), strict=True)
        keys = ("path", "status", "vector", "error", "warning", "width", "height")
        found = [{key: value or None for key, value in zip(keys, row, strict=True)} for row in rows]
        found = [each | {"model": str(arrays["model"])} for each in found]
    for each in found:
        if np.isnan(each["vector"]).all():
            each["vector"] = None
    return found


each_format = pytest.mark.parametrize("name", ["v.jsonl", "v.npz", "v.parquet"])


@each_format
def test_a_file_has_every_field_of_every_record_in_order(tmp_path, name):
    embed(tmp_path / name)
    rows = rows_of(tmp_path / name)
    shown = [path.replace("\udce9", "\\xe9") if name != "v.npz" else path for path in NAMES]
    assert [row["path"] for row in rows] == shown
    for row, expected in zip(rows, ALL, strict=True):
        assert {key: value for key, value in row.items() if key not in ("path", "vector")} == {
            "status": expected.status,
            "error": expected.error,
            "warning": expected.warning,
            "width": expected.width,
            "height": expected.height,
            "model": "net",
        }
        if expected.vector is None:
            assert row["vector"] is None
        else:
            assert np.array_equal(np.array(row["vector"], np.float32), expected.vector)
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@each_format
def test_rows_of_images_that_are_no_longer_named_stay_whether_they_failed_or_not(tmp_path, name):
    file = tmp_path / name
    embed(file)
    assert embed(file, [embedding(1, "new.jpg")], resume=True) == ["new.jpg"]
    shown = [path.replace("\udce9", "\\xe9") if name != "v.npz" else path for path in NAMES]
    assert [row["path"] for row in rows_of(file)] == [*shown, "new.jpg"]


@each_format
def test_a_file_of_no_images_is_a_file(tmp_path, name):
    embed(tmp_path / name, [])
    assert rows_of(tmp_path / name) == []
    if name == "v.npz":
        assert np.load(tmp_path / name)["vectors"].shape == (0, FEATURES)


def test_the_arrays_of_an_npz_have_the_documented_types(tmp_path):
    embed(tmp_path / "v.npz")
    arrays = np.load(tmp_path / "v.npz", allow_pickle=False)
    assert {name: (arrays[name].dtype.kind, arrays[name].shape) for name in arrays} == {
        "paths": ("U", (5,)),
        "vectors": ("f", (5, FEATURES)),
        "status": ("U", (5,)),
        "errors": ("U", (5,)),
        "warnings": ("U", (5,)),
        "widths": ("i", (5,)),
        "heights": ("i", (5,)),
        "model": ("U", ()),
    }
    assert arrays["vectors"].dtype == np.float32
    assert arrays["errors"].tolist() == ["", "", "", "no such file", ""]
    assert arrays["warnings"].tolist() == ["", "the file is cut off", "", "", ""]
    assert [os.fsencode(path) for path in arrays["paths"].tolist()] == [os.fsencode(path) for path in NAMES]


def test_the_columns_of_a_parquet_file_have_the_documented_types(tmp_path):
    import pyarrow.parquet as pq

    embed(tmp_path / "v.parquet")
    schema = pq.read_schema(tmp_path / "v.parquet")
    assert [f"{column.name} {column.type}" for column in schema] == [
        "path string",
        "status string",
        f"vector fixed_size_list<element: float>[{FEATURES}]",
        "error string",
        "warning string",
        "width int32",
        "height int32",
        "model string",
    ]


def test_numbers_in_jsonl_are_the_shortest_that_read_back_exactly(tmp_path):
    bits = np.random.default_rng(1).integers(0, 2**32, 4000, dtype=np.uint32).view(np.float32)
    values = np.append(bits[np.isfinite(bits)], np.float32([0, -0.0, 0.1, 1e-45, 3.4028235e38]))
    embed(tmp_path / "v.jsonl", [embedding_of("x", values)])
    text = (tmp_path / "v.jsonl").read_text()
    (row,) = rows_of(tmp_path / "v.jsonl")
    assert np.array_equal(np.array(row["vector"], np.float32).view(np.uint32), values.view(np.uint32))
    digits = text.partition("[")[2].partition("]")[0].split(", ")
    for number, value in zip(digits, values, strict=True):
        significant = len(number.lower().partition("e")[0].replace(".", "").replace("-", "").strip("0"))
        if significant > 1:  # with a digit less it is another number
            assert np.float32(f"{value:.{significant - 2}e}") != value


@each_format
def test_the_file_of_a_resumed_run_is_that_of_an_uninterrupted_one(tmp_path, name):
    embed(tmp_path / f"whole_{name}")
    with pytest.raises(StoppedError):
        embed(tmp_path / name, stop_after=4)
    part = tmp_path / f"{name}.part"
    with part.open("ab") as torn:
        torn.write(b'{"path": "\xe6\x97\xa5\xe6')
    assert not (tmp_path / name).exists()
    done = embed(tmp_path / name, resume=True)
    assert done == ["gone.jpg", "日本.png"]  # the failed one is tried again
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole_{name}").read_bytes()
    assert not part.exists()


@each_format
def test_a_complete_file_takes_in_new_images_and_retries_failed_ones(tmp_path, name):
    file = tmp_path / name
    embed(file, ALL[:4])
    back = embedding(3, "again.jpg")
    again = replace(back, path="gone.jpg")
    done = embed(file, [ALL[4], *ALL[:3], again], resume=True)
    assert done == ["日本.png", "gone.jpg"]
    embed(tmp_path / f"anew_{name}", [ALL[4], *ALL[:3], again])
    assert file.read_bytes() == (tmp_path / f"anew_{name}").read_bytes()


@pytest.mark.parametrize("name", ["v.npz", "v.parquet"])
def test_a_run_that_was_killed_just_before_its_file_appeared_is_gone_on_with(tmp_path, name):
    file = tmp_path / name
    embed(file, ALL[:3])
    whole = file.read_bytes()
    file.rename(tmp_path / f"{name}.part")
    assert embed(file, ALL[:3], resume=True) == []
    assert file.read_bytes() == whole


@each_format
@pytest.mark.parametrize(
    ("shape", "words"),
    [(Shape(FEATURES, "other"), "by the model net, not other"), (Shape(9, "net"), "have 7 numbers, not 9")],
)
def test_vectors_of_another_model_are_not_gone_on_with(tmp_path, name, shape, words):
    file = tmp_path / name
    embed(file, ALL[:2])
    before = file.read_bytes()
    with pytest.raises(OutputError, match=words):
        embed(file, ALL, resume=True, shape=shape)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@each_format
def test_what_is_no_file_of_vectors_is_not_gone_on_with(tmp_path, name):
    file = tmp_path / name
    for content in (b"path,status\n", b"PK\3\4 half a zip file", b"PAR1PAR1", b'{"path": "x", "status": "ok"}\n'):
        file.write_bytes(content)
        with pytest.raises(OutputError, match="--overwrite to start over"):
            embed(file, resume=True)
        assert file.read_bytes() == content


def test_lines_of_labels_are_not_gone_on_with_as_vectors(tmp_path):
    line = {"path": "x", "status": "ok", "predictions": [], "error": None, "width": 1, "height": 1, "model": "net"}
    (tmp_path / "v.jsonl.part").write_text(json.dumps(line) + "\n")
    with pytest.raises(OutputError, match="other fields than an embedding's"):
        embed(tmp_path / "v.jsonl", resume=True)


def test_a_full_disk_at_the_end_leaves_the_rows_to_go_on_with(tmp_path):
    def fails(lines, stream, shape):
        stream.write(b"half a")
        raise OSError(28, "No space left on device")

    npz = FORMATS["npz"]
    failing = replace(npz, conversion=Conversion(fails, npz.conversion.read))
    with pytest.raises(OutputError, match=r"No space left on device; the rows finished so far are in .*v\.npz\.part"):
        embed(tmp_path / "v.npz", ALL[:3], chosen=failing)
    assert list(tmp_path.iterdir()) == [tmp_path / "v.npz.part"]
    assert embed(tmp_path / "v.npz", ALL[:3], resume=True) == []
    assert np.load(tmp_path / "v.npz")["vectors"].shape == (3, FEATURES)


@pytest.mark.parametrize("name", ["v.npz", "v.parquet"])
def test_memory_does_not_grow_with_the_number_of_images(tmp_path, name):
    width, count = 8192, 1300  # 43 MB of vectors
    values = np.random.default_rng(0).random(width, dtype=np.float32)
    many = [embedding_of(f"photos/{number}.jpg", values) for number in range(count)]
    tracemalloc.start()
    embed(tmp_path / name, many, shape=Shape(width, "net"))
    embed(tmp_path / name, many, shape=Shape(width, "net"), resume=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32e6


def test_without_pyarrow_the_message_is_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    with pytest.raises(OutputError, match=r"pip install 'mobilenet-cli\[parquet\]'"):
        FORMATS["parquet"].conversion.check_installed()


def test_npz_and_parquet_need_a_regular_file():
    for name in ("npz", "parquet"):
        with pytest.raises(InputError, match="give -o FILE"):
            Document(io.BytesIO(), FORMATS[name], SHAPE)


def test_the_files_ending_means_the_format():
    assert [format_of(name).name for name in ("a.NPZ", "b.jsonl", "c.ndjson", "d.parquet")] == [
        *("npz", "jsonl", "jsonl", "parquet")
    ]
    with pytest.raises(InputError, match=r"\.jsonl, \.ndjson, \.npz, \.parquet"):
        format_of("vectors.csv")


class MeanEngine:
    """A network whose features are an image's mean red, green and blue."""

    name = "mean"
    batch_size = 4

    def session(self):
        return lambda batch: batch.mean(axis=(1, 2))


def test_each_source_has_an_embedding_in_its_place_with_its_own_vector():
    colours = [(number, 255 - number, 7) for number in range(40)]
    sources = [Source(str(n), data=b"junk" if n % 5 == 4 else image(colours[n])) for n in range(40)]
    task = Task(MeanEngine(), Preprocessing(8), Features(), "mean")
    found = [each for _, each in run(sources, task, workers=3)]
    assert [each.path for each in found] == [str(n) for n in range(40)]
    for n, each in enumerate(found):
        assert each.model == "mean"
        if n % 5 == 4:
            assert (each.status, each.vector, each.width, each.height) == ("error", None, None, None)
            assert each.error
        else:
            assert (each.status, each.error, each.width, each.height) == ("ok", None, 10, 12)
            assert each.vector.dtype == np.float32
            assert np.allclose(each.vector * 255, colours[n], atol=1e-4)


def test_numbers_that_are_not_finite_are_the_models_fault():
    with pytest.raises(ModelError, match="not finite"):
        Features().records(np.array([[1.0, np.nan]], np.float32), [], "net")


def ok(path: str, *values: float) -> Embedding:
    return embedding_of(path, values)


def test_the_nearest_are_those_of_a_full_sort():
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    query = rng.normal(size=16).astype(np.float32)
    cosines = vectors @ query / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(query))
    expected = np.argsort(-cosines)[:20]
    found = nearest(query, (ok(str(n), *each) for n, each in enumerate(vectors)), 20)
    assert [each.path for each in found] == [str(n) for n in expected]
    assert [each.rank for each in found] == list(range(1, 21))
    assert [each.similarity for each in found] == pytest.approx(cosines[expected].tolist(), abs=1e-6)


def test_of_equally_similar_images_the_earlier_comes_first_and_failed_ones_are_passed_over():
    many = [
        failed_embedding("failed"),
        ok("half", 1, 1),
        ok("b", 2, 0),
        ok("a", 5, 0),
        ok("zero", 0, 0),
        ok("away", -1, 0),
    ]
    found = nearest(np.array([3, 0], np.float32), many, 3)
    assert [(each.path, each.similarity) for each in found] == [
        ("b", 1.0),
        ("a", 1.0),
        ("half", pytest.approx(0.5**0.5)),
    ]
    assert [each.similarity for each in nearest(np.array([3, 0], np.float32), many, 9)][-2:] == [0.0, -1.0]


def test_neighbours_are_written_for_people_and_for_programs():
    found = [Neighbour(1, "a,b \r\n.jpg", 1.0), Neighbour(2, "caf\udce9.jpg", 0.12345678)]
    assert list(csv.DictReader(io.StringIO(NEIGHBOUR_FORMATS["csv"](found), newline=""))) == [
        {"rank": "1", "path": "a,b \r\n.jpg", "similarity": "1.000000"},
        {"rank": "2", "path": "caf\\xe9.jpg", "similarity": "0.123457"},
    ]
    lines = NEIGHBOUR_FORMATS["jsonl"](found).encode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"rank": 1, "path": "a,b \r\n.jpg", "similarity": 1.0},
        {"rank": 2, "path": "caf\\xe9.jpg", "similarity": 0.123457},
    ]
    table = NEIGHBOUR_FORMATS["table"](found).splitlines()
    assert table[2:] == ["    1.0000  a,b \\r\\n.jpg", "    0.1235  caf\\xe9.jpg"]
    assert NEIGHBOUR_FORMATS["table"]([]) == ""


def test_naming_the_embedder_imports_nothing_heavy():
    code = (
        "import sys, mobilenet_cli; mobilenet_cli.Embedder, mobilenet_cli.Embedding;"
        "print([m for m in ('numpy', 'PIL', 'rich', 'tensorflow', 'ai_edge_litert', 'pyarrow') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
