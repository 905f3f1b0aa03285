"""A folder of parts: what is in it, who reads it, and what is left and kept when a run is interrupted."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from colour_engine import IMAGES, ColourEngine, task
from runs import Killed, write
from shards import tar_bytes

from mobilenet_cli.errors import MnclassifyError, OutputError
from mobilenet_cli.files import held_back
from mobilenet_cli.files.folder_document import FolderDocument
from mobilenet_cli.files.part_folder import open_folder
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.pipeline import run
from mobilenet_cli.records import Source
from mobilenet_cli.writers import FORMATS, Layout

LAYOUT = Layout(top_k=1, model="colours")
NAMES = [f"{number:03}.png" for number in range(25)]


@pytest.fixture(autouse=True)
def _photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number, name in enumerate(NAMES):
        Path("photos", name).write_bytes(list(IMAGES.values())[number % 3] if number != 12 else b"damaged")


def label(
    folder: str = "out",
    sources: Iterable[str | Source] = ("photos",),
    name: str = "jsonl",
    *,
    rows: int | None = 10,
    stop: int | None = None,
    engine: ColourEngine | None = None,
    layout: Layout = LAYOUT,
    **options,
) -> FolderDocument:
    """Label the images, as the command does; with `stop`, only so many, and then die."""
    with open_folder(folder, overwrite=options.get("overwrite", False), resume=options.get("resume", False)) as parts:
        document = FolderDocument(parts, FORMATS[name], layout, rows_per_file=rows)
        found = sources if any(isinstance(each, Source) for each in sources) else find_sources(sources)
        write(document, found, stop=stop, engine=engine)
    return document


def content(folder: str = "out") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def paths(folder: str = "out") -> list[str]:
    lines = [line for path in sorted(Path(folder).glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [json.loads(line)["path"] for line in lines]


def test_a_folder_has_parts_a_manifest_and_a_mark_of_success():
    label("out/")
    assert list(content()) == ["_SUCCESS", "_manifest.json", *(f"part-{number:05}.jsonl" for number in range(3))]
    assert paths() == [f"photos/{name}" for name in NAMES]
    manifest = json.loads(content()["_manifest.json"])
    assert (manifest["format"], manifest["model"], manifest["rows"]) == ("jsonl", "colours", 25)
    assert manifest["parts"] == [
        {"name": name, "rows": rows, "bytes": len(content()[name]), "archive": None}
        for name, rows in (("part-00000.jsonl", 10), ("part-00001.jsonl", 10), ("part-00002.jsonl", 5))
    ]


def test_a_shard_is_a_part_unless_rows_are_counted():
    for number, size in enumerate((3, 1, 4)):
        Path(f"s{number}.tar").write_bytes(tar_bytes([(f"{each}.png", IMAGES["red"]) for each in range(size)]))
    label(sources=["s0.tar", "photos", "s1.tar", "s2.tar"], rows=None)
    parts = json.loads(content()["_manifest.json"])["parts"]
    assert [(part["archive"], part["rows"]) for part in parts] == [
        ("s0.tar", 3), (None, 25), ("s1.tar", 1), ("s2.tar", 4),
    ]  # fmt: skip
    label("other", ["s0.tar", "s1.tar", "s2.tar"], rows=5)
    assert [part["rows"] for part in json.loads(content("other")["_manifest.json"])["parts"]] == [5, 3]


def test_duckdb_polars_pandas_and_pyarrow_read_it_as_one_table():
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow.dataset as ds

    label(name="parquet")
    wanted = [f"photos/{name}" for name in NAMES]
    assert duckdb.sql("SELECT path FROM 'out/*.parquet' ORDER BY path").fetchnumpy()["path"].tolist() == wanted
    assert pl.scan_parquet("out/*.parquet").select("path").collect()["path"].to_list() == wanted
    assert pd.read_parquet("out")["path"].tolist() == wanted
    assert ds.dataset("out").to_table(["path"])["path"].to_pylist() == wanted
    label("lines")
    assert duckdb.sql("SELECT count(*) FROM 'lines/*.jsonl' WHERE status = 'ok'").fetchall() == [(24,)]
    label("cells", name="csv")
    assert duckdb.sql("SELECT path FROM 'cells/*.csv' ORDER BY path").fetchnumpy()["path"].tolist() == wanted
    with Path("cells/part-00002.csv").open(newline="") as part:
        assert [row["path"] for row in csv.DictReader(part)] == wanted[20:]  # each part has the header


@pytest.mark.parametrize("name", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("stop", [0, 5, 10, 11, 24])
def test_an_interrupted_run_is_resumed_and_ends_as_one_that_was_not(name, stop):
    label("whole", name=name)
    with pytest.raises(Killed):
        label(name=name, stop=stop)
    left = content()
    assert "_SUCCESS" not in left
    assert [each for each in left if each.endswith(name)] == [
        f"part-0000{part}.{name}" for part in range((stop - 1) // 10)
    ]
    engine = ColourEngine()
    document = label(name=name, resume=True, engine=engine)
    assert content() == content("whole")
    failed = 1 if stop > 12 else 0  # it is tried again
    assert sum(engine.batches) + document.earlier.found == 24
    assert document.earlier.found == stop - failed


def test_a_complete_folder_is_resumed_with_what_failed_alone():
    label()
    engine = ColourEngine()
    Path("photos/012.png").write_bytes(IMAGES["blue"])
    label(resume=True, engine=engine)
    assert sum(engine.batches) == 1
    label("whole")
    assert content() == content("whole")


def test_images_that_came_and_went_move_to_their_parts():
    label()
    Path("photos/005.png").unlink()
    Path("photos/0005.png").write_bytes(IMAGES["red"])
    Path("photos/020.png").unlink()
    for name in NAMES[21:]:
        Path("photos", name).unlink()
    label(resume=True)
    label("whole")
    assert content() == content("whole")
    assert len(content()) == 2 + 2


def test_overwriting_replaces_all_parts_but_not_by_failures_alone():
    label()
    before = content()
    with pytest.raises(MnclassifyError, match="no image could be read, so out is left as it was"):
        label(sources=["none"], overwrite=True)
    assert content() == before
    Path("few").mkdir()
    Path("few/a.png").write_bytes(b"damaged")
    Path("few/b.png").write_bytes(IMAGES["red"])
    label(sources=["few"], overwrite=True)
    assert paths() == ["few/a.png", "few/b.png"]
    assert list(content()) == ["_SUCCESS", "_manifest.json", "part-00000.jsonl"]


def test_overwriting_replaces_nothing_where_no_image_is_found():
    label()
    before = content()
    Path("empty").mkdir()
    with pytest.raises(MnclassifyError, match="no image could be read, so out is left as it was"):
        label(sources=["empty"], overwrite=True)
    assert content() == before
    label("new", sources=["empty"], overwrite=True)  # there is nothing to lose
    assert json.loads(content("new")["_manifest.json"])["rows"] == 0


@pytest.mark.parametrize("rows", [None, 1000])
def test_overwriting_replaces_nothing_by_failures_however_many(rows, monkeypatch):
    monkeypatch.setattr(held_back, "_IN_MEMORY", 10_000)
    label()
    before = content()
    failing = [Source(f"{number}.tar/x.png", error="damaged", archive=f"{number}.tar") for number in range(2500)]
    with pytest.raises(MnclassifyError, match="no image could be read, so out is left as it was"):
        label(sources=failing, overwrite=True, rows=rows)
    assert content() == before
    label(sources=[*failing, Source("a.png", IMAGES["red"])], overwrite=True, rows=rows)
    assert paths() == [*(source.path for source in failing), "a.png"]


def test_an_overwriting_run_that_dies_leaves_no_part_of_the_earlier_one():
    label()
    with pytest.raises(Killed):
        label(overwrite=True, stop=12)
    assert [name for name in content() if name.endswith(".jsonl")] == ["part-00000.jsonl"]
    assert "_SUCCESS" not in content()


def test_what_is_there_is_refused():
    label()
    with pytest.raises(OutputError, match="out has parts; give --overwrite to replace them, or --resume"):
        label()
    with pytest.raises(OutputError, match=r"has parts of another format, such as part-00000\.jsonl"):
        label(name="csv", resume=True)
    with pytest.raises(OutputError, match="its rows are by the model colours, not other"):
        label(resume=True, layout=Layout(top_k=1, model="other"))
    with pytest.raises(OutputError, match=r"photos has other files, such as 000\.png"):
        label("photos", overwrite=True)
    with (
        open_folder("out", overwrite=False, resume=True),
        pytest.raises(OutputError, match="another run is writing out"),
    ):
        label(resume=True)
    with pytest.raises(OutputError, match="its folder does not exist"):
        label("no/such")


def test_no_images_give_a_table_without_rows():
    import pandas as pd

    Path("empty").mkdir()
    label(sources=["empty"], name="parquet")
    assert pd.read_parquet("out").shape == (0, 10)


def test_no_part_is_opened_once_the_folder_is_abandoned():
    sources = [Source(f"{number}.tar/x.png", IMAGES["red"], archive=f"{number}.tar") for number in range(20)]
    with suppress(Killed), open_folder("out", overwrite=False, resume=True) as parts:
        pending = FolderDocument(parts, FORMATS["jsonl"], LAYOUT).pending(sources)
        next(pending)
        raise Killed
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(OutputError, match="cannot write out: the run has ended"):
        list(pending)  # as the thread does that reads the sources
    assert set(Path("/proc/self/fd").iterdir()) == before
    assert content() == {}


def test_many_small_shards_need_few_open_files():
    sources = [Source(f"{number}.tar/x.png", IMAGES["red"], archive=f"{number}.tar") for number in range(400)]
    most = 0
    with open_folder("out", overwrite=False, resume=False) as parts:
        document = FolderDocument(parts, FORMATS["jsonl"], LAYOUT)
        for source, result in run(document.pending(sources), task(ColourEngine()), workers=1):
            document.write(source, result)
            most = max(most, len(list(Path("/proc/self/fd").iterdir())))
        document.close()
    assert len(paths()) == 400
    assert most < 200
