"""Archives at URLs: streamed, resumed where a connection breaks, read in blocks where they have a directory."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pyarrow as pa
import pytest
from colour_engine import IMAGES, ColourEngine, task
from s3_server import serving_s3
from shards import ENTRIES, image_structs, parquet, tar_bytes, zip_bytes, zstd_bytes
from web_server import Answer

from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.pipeline import run
from mobilenet_cli.remote import random_access
from mobilenet_cli.remote.object_stores import store_of
from mobilenet_cli.remote.patience import Patience
from mobilenet_cli.remote.pieces import Span

COLOURS = ["red", "green", "blue"]


pytestmark = pytest.mark.usefixtures("new_stores")


def outcomes(*arguments: str, **options) -> list[tuple[str, str]]:
    """Return the path of each row, and the colour of its image or why it has none."""
    return [
        (source.path, result.error or result.predictions[0].label)
        for source, result in run(find_sources(arguments, **options), task(ColourEngine()), workers=2)
    ]


def table(values: list[bytes] | pa.Array) -> bytes:
    file = io.BytesIO()
    parquet(file, {"image": pa.array(values) if isinstance(values, list) else values})
    return file.getvalue()


def rows(url: str) -> list[tuple[str, str]]:
    return [(f"{url}/{name}", colour) for (name, _), colour in zip(ENTRIES, COLOURS, strict=True)]


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.tar.zst"])
def test_a_tar_on_the_web_takes_one_request(web, name):
    bodies = {"x.tar": tar_bytes(), "x.tar.gz": tar_bytes(mode="w:gz"), "x.tar.zst": zstd_bytes(tar_bytes())}
    web.answers["*"] = [Answer(bodies[name])]
    url = f"{web.url}/{name}"
    assert outcomes(url) == rows(url)
    assert web.requests == [f"/{name}"]


def test_a_signed_url_is_an_archive_by_its_path(web):
    web.answers["*"] = [Answer(tar_bytes())]
    assert len(outcomes(f"{web.url}/x.tar?signature=a.png")) == 3


@pytest.mark.parametrize("has_parts", [True, False])
def test_a_stream_that_breaks_off_is_resumed_where_it_was(web, has_parts):
    entries = [(f"{number}.png", IMAGES[COLOURS[number % 3]] + os.urandom(500_000)) for number in range(12)]
    body = tar_bytes(entries)
    web.answers["/x.tar"] = [Answer(body, cut_after=2_500_000), Answer(body, has_parts=has_parts)]
    assert [found for _, found in outcomes(f"{web.url}/x.tar")] == COLOURS * 4
    assert len(web.requests) == 2
    # How much of what was sent before the break has arrived is up to chance.
    assert all(0 < int(begin.removesuffix("-")) <= 2_500_000 for begin in web.parts)


@pytest.mark.parametrize("has_parts", [True, False])
def test_a_part_of_a_file_is_read_up_to_its_end(web, has_parts):
    body = os.urandom(3_000_000)
    web.answers["*"] = [Answer(body, has_parts=has_parts)]
    url = f"{web.url}/x.tar"
    store = store_of(url)
    for begin in (1, 2_000_000, len(body)):
        assert b"".join(store.pieces(url, Patience(), Span(begin, limited=False))) == body[begin:]
    assert web.parts == (["1-", "2000000-", "3000000-"] if has_parts else [])
    if has_parts:
        assert b"".join(store.pieces(url, Patience(), Span(10, 20))) == body[10:20]
        assert store.size(url, Patience()) == len(body)


def test_a_stream_that_stays_broken_is_a_row_with_the_reason(web):
    body = tar_bytes([(f"{number}.png", IMAGES["red"] + os.urandom(900_000)) for number in range(5)])
    web.answers["/x.tar"] = [Answer(body, cut_after=2_500_000), Answer(status=404)]
    found = outcomes(f"{web.url}/x.tar", f"{web.url}/none.tar")
    *labelled, (broken, reason), none = found
    assert none == (f"{web.url}/none.tar", "404 Not Found")
    assert reason == "404 Not Found"
    assert labelled == [(f"{web.url}/x.tar/{number}.png", "red") for number in range(len(labelled))]
    assert broken in (f"{web.url}/x.tar", f"{web.url}/x.tar/{len(labelled)}.png")
    assert len(labelled) <= 2


def test_what_has_a_directory_is_read_in_blocks(web, monkeypatch):
    monkeypatch.setattr(random_access, "_BLOCK", 1000)
    web.answers = {
        "/x.zip": [Answer(zip_bytes(), has_parts=True)],
        "/p.parquet": [Answer(table(list(IMAGES.values())), has_parts=True)],
    }
    assert outcomes(f"{web.url}/x.zip") == rows(f"{web.url}/x.zip")
    assert outcomes(f"{web.url}/p.parquet") == [
        (f"{web.url}/p.parquet#{number}", colour) for number, colour in enumerate(COLOURS)
    ]
    assert all(int(last) - int(begin) < 1000 for begin, last in (part.split("-") for part in web.parts))


def test_a_server_without_parts_of_files_is_a_reason(web):
    web.answers["*"] = [Answer(zip_bytes())]
    ((_, reason), (_, other)) = outcomes(f"{web.url}/x.zip", f"{web.url}/p.parquet")
    assert reason == other
    assert reason.startswith("the server sends no parts of files")


def test_the_paths_of_a_table_on_the_web_are_urls_beside_it(web):
    values = image_structs([(None, "red.png"), (None, "/etc/hostname"), (None, f"{web.url}/other/blue.png")])
    web.answers = {
        "/folder/p.parquet": [Answer(table(values), has_parts=True)],
        "/folder/red.png": [Answer(IMAGES["red"])],
        "/other/blue.png": [Answer(IMAGES["blue"])],
    }
    found = outcomes(f"{web.url}/folder/p.parquet")
    assert [result for _, result in found] == ["red", "404 Not Found", "blue"]
    assert [path.rpartition("#")[2] for path, _ in found] == ["0", "1", "2"]


@pytest.fixture
def s3_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving_s3(monkeypatch) as url:
        yield url


def test_archives_in_a_bucket(s3_url):
    import boto3

    client = boto3.client("s3", endpoint_url=s3_url)
    client.create_bucket(Bucket="shards")
    bodies = {"s-0.tar": tar_bytes(), "s-1.tar": tar_bytes(), "x.zip": zip_bytes(), "t.tar.gz": tar_bytes(mode="w:gz")}
    for key, body in {**bodies, "p.parquet": table(list(IMAGES.values())), "a.png": IMAGES["red"]}.items():
        client.put_object(Bucket="shards", Key=key, Body=body)
    for arguments in (["s3://shards/s-{0..1}.tar"], ["s3://shards/s-*.tar"]):
        assert outcomes(*arguments) == rows("s3://shards/s-0.tar") + rows("s3://shards/s-1.tar")
    assert outcomes("s3://shards/x.zip", "s3://shards/t.tar.gz") == [
        *rows("s3://shards/x.zip"),
        *rows("s3://shards/t.tar.gz"),
    ]
    assert [found for _, found in outcomes("s3://shards/p.parquet")] == COLOURS
    left_out = LeftOut()
    assert outcomes("s3://shards", left_out=left_out) == [("s3://shards/a.png", "red")]
    assert left_out.lines() == ["5 archives in folders left out: name them to label the images in them"]
    assert outcomes("s3://shards/none.tar")[0][1] in ("404 Not Found", "no such key")


def test_an_archive_in_another_store():
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe_file("/shards/x.tar", tar_bytes())
    files.pipe_file("/shards/x.zip", zip_bytes())
    assert outcomes("memory://shards/x.tar") == rows("memory://shards/x.tar")
    assert outcomes("memory://shards/x.zip") == rows("memory://shards/x.zip")
