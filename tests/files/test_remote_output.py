"""Records that go to an object store: parts that are uploaded whole, resumed on another machine, and made one file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from colour_engine import IMAGES, ColourEngine, task
from runs import Killed, write
from s3_server import serving_s3

from mobilenet_cli.errors import InputError, MnclassifyError, OutputError
from mobilenet_cli.files import remote_output
from mobilenet_cli.files.document import Document
from mobilenet_cli.files.folder_document import FolderDocument
from mobilenet_cli.files.open import open_output
from mobilenet_cli.files.remote_output import PartsOfFile, RemoteFileDocument, open_remote
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.pipeline import run
from mobilenet_cli.remote import retries
from mobilenet_cli.remote.uploads import check_writable
from mobilenet_cli.writers import FORMATS, Layout

LAYOUT = Layout(top_k=1, model="colours")
IMAGES_IN_ALL = 25


@pytest.fixture(autouse=True)
def _photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(retries, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(remote_output, "_ROWS", 10)
    Path("photos").mkdir()
    for number in range(IMAGES_IN_ALL):
        data = list(IMAGES.values())[number % 3] if number != 12 else b"damaged"
        Path("photos", f"{number:03}.png").write_bytes(data)


@pytest.fixture(scope="module")
def made_bucket() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, serving_s3(patch) as url:
        import boto3

        found = boto3.resource("s3", endpoint_url=url).Bucket("out")
        found.create()
        yield found


@pytest.fixture
def bucket(made_bucket: Any) -> Any:
    """An empty bucket "out" of an S3 server."""
    made_bucket.objects.all().delete()
    return made_bucket


def label(url: str, name: str, *, stop: int | None = None, engine: ColourEngine | None = None, **options: Any) -> None:
    """Label the images, as the command does; with `stop`, only so many, and then die."""
    sources, layout = options.pop("sources", ["photos"]), options.pop("layout", LAYOUT)
    with open_remote(url, **{"overwrite": False, "resume": False, **options}) as parts:
        document: FolderDocument = (
            RemoteFileDocument(parts, FORMATS[name], layout)
            if isinstance(parts, PartsOfFile)
            else FolderDocument(parts, FORMATS[name], layout, rows_per_file=10)
        )
        write(document, find_sources(sources), stop=stop, engine=engine)


def on_disk(name: str) -> bytes:
    """Return the file of a run on this machine."""
    file = f"disk.{name}"
    with open_output(file, overwrite=True) as stream:
        document = Document(stream, FORMATS[name], LAYOUT)
        for source, result in run(document.pending(find_sources(["photos"])), task(ColourEngine())):
            document.write(source, result)
        document.close()
    return Path(file).read_bytes()


def content(bucket: Any) -> dict[str, bytes]:
    return {each.key: each.get()["Body"].read() for each in bucket.objects.all()}


@pytest.mark.parametrize("name", ["jsonl", "parquet"])
def test_a_file_in_a_bucket_is_that_of_a_disk_and_the_parts_are_gone(bucket, name):
    label(f"s3://out/x/labels.{name}", name)
    assert content(bucket) == {f"x/labels.{name}": on_disk(name)}


@pytest.mark.parametrize(("name", "stop"), [("csv", 24), ("parquet", 11)])
def test_an_interrupted_file_is_resumed_by_its_parts(bucket, name, stop):
    url = f"s3://out/labels.{name}"
    with pytest.raises(Killed):
        label(url, name, stop=stop)
    ending = "csv" if name == "csv" else "jsonl"
    assert list(content(bucket)) == [
        f"labels.{name}.parts/part-0000{number}.{ending}" for number in range((stop - 1) // 10)
    ]
    with pytest.raises(OutputError, match="has the finished parts of a run that was interrupted"):
        label(url, name)
    engine = ColourEngine()
    label(url, name, resume=True, engine=engine)
    kept = (stop - 1) // 10 * 10
    assert sum(engine.batches) == IMAGES_IN_ALL - 1 - kept + (1 if kept > 12 else 0)
    assert content(bucket) == {f"labels.{name}": on_disk(name)}


def test_a_complete_file_is_resumed_with_what_failed_alone(bucket):
    name, url = "parquet", "s3://out/labels.parquet"
    label(url, name)
    Path("photos/012.png").write_bytes(IMAGES["red"])
    engine = ColourEngine()
    label(url, name, resume=True, engine=engine)
    assert sum(engine.batches) == 1
    assert content(bucket) == {f"labels.{name}": on_disk(name)}
    with pytest.raises(OutputError, match="its rows are by the model colours, not other"):
        label(url, name, resume=True, layout=Layout(top_k=1, model="other"))


def test_a_folder_in_a_bucket_is_resumed_by_its_parts(bucket):
    label("s3://out/whole/", "parquet")
    whole = content(bucket)
    assert list(whole) == [
        *("whole/_SUCCESS", "whole/_manifest.json"),
        *(f"whole/part-0000{number}.parquet" for number in range(3)),
    ]
    bucket.objects.all().delete()
    with pytest.raises(Killed):
        label("s3://out/whole/", "parquet", stop=15)
    assert list(content(bucket)) == ["whole/part-00000.parquet"]
    written = next(iter(bucket.objects.all())).last_modified
    engine = ColourEngine()
    label("s3://out/whole/", "parquet", resume=True, engine=engine)
    assert sum(engine.batches) == 14
    assert content(bucket) == whole
    assert next(each for each in bucket.objects.all() if "part-00000" in each.key).last_modified == written
    manifest = json.loads(whole["whole/_manifest.json"])
    assert [part["rows"] for part in manifest["parts"]] == [10, 10, 5]


def test_what_is_there_is_replaced_only_on_demand_and_not_by_failures(bucket):
    label("s3://out/labels.csv", "csv")
    before = content(bucket)
    with pytest.raises(OutputError, match=r"s3://out/labels\.csv exists; give --overwrite to replace it"):
        label("s3://out/labels.csv", "csv")
    with pytest.raises(MnclassifyError, match=r"no image could be read, so s3://out/labels\.csv is left as it was"):
        label("s3://out/labels.csv", "csv", overwrite=True, sources=["none"])
    assert content(bucket) == before
    label("s3://out/labels.csv", "csv", overwrite=True, sources=["photos/001.png"])
    assert content(bucket)["labels.csv"].count(b"\n") == 2


def test_a_bucket_that_is_missing_is_a_reason(bucket):
    with pytest.raises(OutputError, match=r"cannot write s3://missing/labels\.csv: "):
        label("s3://missing/labels.csv", "csv")


def test_rows_that_are_older_than_the_model_are_refused(bucket):
    import time

    label("s3://out/labels.csv", "csv")
    with open_remote("s3://out/labels.csv", overwrite=False, resume=True) as parts:
        assert isinstance(parts, PartsOfFile)
        document = RemoteFileDocument(parts, FORMATS["csv"], LAYOUT, made_at=time.time() + 60)
        with pytest.raises(OutputError, match="is newer than its rows"):
            list(document.pending(find_sources(["photos"])))


def test_another_store_of_fsspec():
    import fsspec

    label("memory://records/labels.jsonl", "jsonl")
    files = fsspec.filesystem("memory")
    assert files.find("/records") == ["/records/labels.jsonl"]
    assert files.cat_file("/records/labels.jsonl") == on_disk("jsonl")
    Path("empty").mkdir()
    with pytest.raises(MnclassifyError, match="no image could be read, so memory://records/labels"):
        label("memory://records/labels.jsonl", "jsonl", sources=["empty"], overwrite=True)
    assert files.cat_file("/records/labels.jsonl") == on_disk("jsonl")


@pytest.mark.parametrize(
    ("url", "words"), [("https://x.org/a.csv", "cannot be written to the web"), ("file:///a.csv", "by its path")]
)
def test_urls_that_take_no_records_are_refused(url, words):
    with pytest.raises(InputError, match=words):
        check_writable(url)
