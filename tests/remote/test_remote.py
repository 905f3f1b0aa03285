"""Sources on the web: fetched ahead, tried again, and explained when they fail."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import pytest
from colour_engine import IMAGES, ColourEngine, records_of, task
from conftest import ROOT, SAMPLES
from runs import watch_held
from web_server import TIMEOUT, Answer, classified, outcome

from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.inputs.remote_listing import must_be_listed
from mobilenet_cli.pipeline import run
from mobilenet_cli.records import RowSource, Source
from mobilenet_cli.remote import ahead, patience, pieces
from mobilenet_cli.remote.urls import is_url

pytestmark = pytest.mark.usefixtures("new_stores")


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNCLASSIFY_REMOTE_TIMEOUT", str(TIMEOUT))


# --- which sources are URLs


@pytest.mark.parametrize("path", ["a.jpg", "./s3://bucket/a.jpg", "C:/a.jpg", "/x//y", "s3:/a", "://a", ""])
def test_a_path_of_this_machine_is_no_url(path):
    assert not is_url(path)


def test_a_run_over_local_files_imports_no_network_library_and_starts_no_thread():
    code = f"""
import sys, threading
from mobilenet_cli.inputs.find import find_sources
from colour_engine import ColourEngine, records_of, task
for result in records_of(find_sources([{str(SAMPLES)!r}]), task(ColourEngine()), workers=2):
    assert result.status == "ok", result
    assert "fetch" not in {{each.name for each in threading.enumerate()}}
assert not {{"fsspec", "aiohttp", "asyncio", "botocore"}} & set(sys.modules)
"""
    path = os.pathsep.join([str(ROOT / "tests" / "support"), *sys.path])
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=os.environ | {"PYTHONPATH": path})


def test_what_must_be_listed_is_known_without_asking():
    listed = ["s3://b", "s3://b/photos/", "s3://b/*.jpg", "gs://b/a[1].jpg", "S3://b/photos"]
    assert all(map(must_be_listed, listed))
    assert not any(map(must_be_listed, ["s3://b/a.JPG", "https://x.org/?a=*", "https://x.org/", "photos/*.jpg"]))


# --- the web


def test_a_url_is_one_image_whatever_it_ends_in_and_whatever_it_asks(web):
    url = f"{web.url}/i/*[1].php?id=7&size=?#part"
    assert list(find_sources([url], listed=[url])) == [Source(url), Source(url)]
    web.answers["*"] = [Answer(IMAGES["green"])]
    assert outcome(url) == "green"
    assert [unquote(path) for path in web.requests] == ["/i/*[1].php?id=7&size=?"]
    assert web.agents == {next(agent for agent in web.agents if agent.startswith("mnclassify/"))}


def test_urls_are_excluded_by_their_names():
    urls = ["https://x.org/a/cat.jpg", "https://x.org/b/dog.jpg"]
    assert [source.path for source in find_sources(urls, exclude=["dog*"])] == urls[:1]
    assert [source.path for source in find_sources([], listed=urls, exclude=["*/a/*"])] == urls[1:]


def test_urls_and_files_come_in_the_order_in_which_they_are_named(web, tmp_path):
    (tmp_path / "red.png").write_bytes(IMAGES["red"])
    web.answers = {"/slow": [Answer(IMAGES["green"], latency=0.3)], "/fast": [Answer(IMAGES["blue"])]}
    named = [str(tmp_path / "red.png"), f"{web.url}/slow", f"{web.url}/none", f"{web.url}/fast", named_last := "gone"]
    results = classified(*named)
    assert [result.path for result in results] == named
    assert [result.status for result in results] == ["ok", "ok", "error", "ok", "error"]
    assert [result.predictions[0].label for result in results if result.predictions] == ["red", "green", "blue"]
    assert results[-1].path == named_last


@pytest.mark.parametrize(
    ("status", "error", "requests"),
    [
        (404, "404 Not Found", 1),
        (410, "410 Gone", 1),
        (401, "access denied (401)", 1),
        (403, "access denied (403)", 1),
        (429, "429 Too Many Requests", 3),
        (500, "500 Internal Server Error", 3),
        (503, "503 Service Unavailable", 3),
        (599, "599", 3),
    ],
)
def test_a_refusal_is_a_row_and_only_what_may_pass_is_asked_for_again(web, status, error, requests):
    web.answers["/cat.jpg"] = [Answer(b"<html>", status)]
    assert outcome(f"{web.url}/cat.jpg") == error
    assert len(web.requests) == requests


@pytest.mark.parametrize(
    "passing",
    [
        Answer(status=503),
        Answer(status=429, headers={"Retry-After": "0"}),
        Answer(IMAGES["red"], cut_after=30),
        Answer(IMAGES["red"], latency=2 * TIMEOUT),
    ],
    ids=["503", "429", "dropped", "silent"],
)
@pytest.mark.usefixtures("_impatient")
def test_what_fails_twice_and_then_comes_is_no_failure(web, passing):
    web.answers["/cat.jpg"] = [passing, passing, Answer(IMAGES["blue"])]
    assert outcome(f"{web.url}/cat.jpg") == "blue"
    assert len(web.requests) == 3


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_asks_to_be_left_alone_is(web):
    web.answers["/cat.jpg"] = [Answer(status=429, headers={"Retry-After": "7"}), Answer(IMAGES["blue"])]
    begin = time.monotonic()
    assert outcome(f"{web.url}/cat.jpg") == "blue"
    assert time.monotonic() - begin >= TIMEOUT  # as long as it asks, but no longer than for a silent server


def test_a_dropped_connection_is_tried_again_and_then_a_row(web):
    web.answers["/cat.jpg"] = [Answer(IMAGES["red"], cut_after=30)]
    assert outcome(f"{web.url}/cat.jpg") == "the connection was dropped"
    assert len(web.requests) == 3


@pytest.mark.usefixtures("_impatient")
def test_a_silent_server_is_given_up(web):
    web.answers["/cat.jpg"] = [Answer(IMAGES["red"], latency=60)]
    begin = time.monotonic()
    assert outcome(f"{web.url}/cat.jpg") == "the server did not answer within 1 s"
    assert time.monotonic() - begin < 3 * TIMEOUT + 5


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_is_never_silent_for_long_and_never_done_is_given_up(web, monkeypatch):
    monkeypatch.setattr(patience, "_WHOLE", 2)
    web.answers["/cat.jpg"] = [Answer(IMAGES["red"] * 100, drip=TIMEOUT / 5)]
    begin = time.monotonic()
    assert outcome(f"{web.url}/cat.jpg") == "not complete after 2 s"
    assert time.monotonic() - begin < 8


def test_where_nobody_listens_or_no_name_is_known_the_row_says_so():
    assert outcome("http://127.0.0.1:9/cat.jpg") == "the server cannot be reached"
    assert outcome("http://cat.invalid/cat.jpg") == "the server's name cannot be looked up"
    assert outcome("https:///cat.jpg") == "not a valid URL"


def test_redirects_are_followed_but_not_to_files_and_not_for_ever(web, tmp_path):
    (tmp_path / "red.png").write_bytes(IMAGES["red"])
    web.answers = {
        "/moved": [Answer(status=302, headers={"Location": "/cat.jpg"})],
        "/cat.jpg": [Answer(IMAGES["green"])],
        "/round": [Answer(status=302, headers={"Location": "/round"})],
        "/leak": [Answer(status=302, headers={"Location": f"file://{tmp_path}/red.png"})],
    }
    assert outcome(f"{web.url}/moved") == "green"
    assert outcome(f"{web.url}/round") == "too many redirects"
    assert outcome(f"{web.url}/leak") == "it redirects to what is no https:// URL"


def test_what_is_no_image_is_a_row(web):
    web.answers = {"/page": [Answer(b"<html>")], "/empty": [Answer()], "/half": [Answer(IMAGES["red"][:40])]}
    assert outcome(f"{web.url}/page") == "not an image in a format that can be read"
    assert outcome(f"{web.url}/empty") == "the file is empty (0 bytes)"
    assert "damaged" in outcome(f"{web.url}/half")


def test_an_image_that_is_too_large_is_refused_whether_or_not_the_server_says_its_size(web, monkeypatch):
    monkeypatch.setattr(pieces, "MAX_BYTES", 2 << 20)
    body = IMAGES["red"] + bytes(3 << 20)
    unsaid = {"Transfer-Encoding": "chunked"}
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    web.answers = {
        "/said": [Answer(body)],
        "/unsaid": [Answer(chunked, headers=unsaid)],
        "/fits": [Answer(IMAGES["red"] + bytes(1 << 20))],
    }
    assert outcome(f"{web.url}/said") == outcome(f"{web.url}/unsaid") == "too large: the limit is 2 MiB"
    assert outcome(f"{web.url}/fits") == "red"
    assert len(web.requests) == 3


def test_an_error_says_nothing_of_what_is_secret_in_a_url(web):
    for answer in (Answer(status=403), Answer(status=500), Answer(IMAGES["red"], cut_after=3)):
        web.answers["*"] = [answer]
        assert "s3cret" not in outcome(f"{web.url}/cat.jpg?X-Amz-Signature=s3cret")
    assert "s3cret" not in outcome("http://user:s3cret@127.0.0.1:9/cat.jpg")
    assert "s3cret" not in outcome("http://[s3cret/cat.jpg")


# --- reading ahead


def test_many_images_are_fetched_at_once(web):
    web.answers["*"] = [Answer(IMAGES["red"], latency=0.2)]
    begin = time.monotonic()
    results = classified(*(f"{web.url}/{number}" for number in range(40)), workers=2, batch_size=4)
    assert time.monotonic() - begin < 3  # one after another: 8 s
    assert all(result.status == "ok" for result in results)
    assert 8 < web.busiest <= patience.THREADS


def test_an_image_is_answered_before_a_slow_one_after_it_is_here(web):
    web.answers = {"/fast": [Answer(IMAGES["red"])], "/slow": [Answer(IMAGES["blue"], latency=60)]}
    results = records_of([Source(f"{web.url}/fast"), Source(f"{web.url}/slow")], task(ColourEngine()), workers=1)
    begin = time.monotonic()
    assert next(results).predictions[0].label == "red"
    assert time.monotonic() - begin < 10
    results.close()


def test_a_list_that_comes_slowly_is_answered_as_it_comes(web):
    web.answers["*"] = [Answer(IMAGES["red"])]
    release = threading.Event()

    def slowly() -> Iterator[Source]:
        yield Source(f"{web.url}/first")
        assert release.wait(10)
        yield Source(f"{web.url}/second")

    results = records_of(slowly(), task(ColourEngine()))
    assert next(results).path.endswith("/first")
    release.set()
    assert [result.path for result in results] == [f"{web.url}/second"]


def test_what_is_held_in_memory_is_bounded_and_the_order_kept(web, monkeypatch):
    size, limit = 1 << 20, 4 << 20
    monkeypatch.setattr(ahead, "MAX_HELD", limit)
    web.answers["*"] = [Answer(IMAGES["red"] + bytes(size))]
    web.answers["/0"] = [Answer(IMAGES["red"], latency=0.4)]
    held = watch_held(monkeypatch)
    results = classified(*(f"{web.url}/{number}" for number in range(60)), workers=2)
    assert [result.path for result in results] == [f"{web.url}/{number}" for number in range(60)]
    assert all(result.status == "ok" for result in results)
    assert 0 < max(held) <= limit + size + len(IMAGES["red"])  # only the image whose turn it is may exceed it


def test_what_was_decoded_is_freed_at_once(web):
    web.answers["*"] = [Answer(IMAGES["red"])]
    results = records_of((Source(f"{web.url}/{number}") for number in range(200)), task(ColourEngine()), workers=1)
    gc.disable()  # so that nothing is freed but by its last owner
    try:
        for _ in range(200):
            next(results)
        results.close()
        alive = sum(isinstance(each, Source) and each.data is not None for each in gc.get_objects())
    finally:
        gc.enable()
    assert alive == 0


def test_what_comes_with_a_url_is_still_there_when_it_was_fetched(web):
    web.answers = {"/a.png": [Answer(IMAGES["red"])], "/none.png": [Answer(status=404)]}
    rows = [RowSource(f"{web.url}/{name}", cells=(name, "x")) for name in ("a.png", "none.png")]
    assert [(source, result.status) for source, result in run(rows, task(ColourEngine()))] == [
        (rows[0], "ok"),
        (replace(rows[1], error="404 Not Found"), "error"),
    ]


def test_an_image_larger_than_what_may_be_held_comes_through(web, monkeypatch):
    monkeypatch.setattr(ahead, "MAX_HELD", 1 << 20)
    web.answers["*"] = [Answer(IMAGES["blue"] + bytes(3 << 20))]
    results = classified(*(f"{web.url}/{number}" for number in range(20)))
    assert [result.status for result in results] == ["ok"] * 20


def test_leaving_early_ends_the_fetches_at_once(web, monkeypatch):
    web.answers = {"/fast": [Answer(IMAGES["red"])], "*": [Answer(IMAGES["blue"], latency=60)]}
    monkeypatch.setenv("MNCLASSIFY_REMOTE_TIMEOUT", "60")
    urls = [f"{web.url}/fast", *(f"{web.url}/{number}" for number in range(100))]
    results = records_of(map(Source, urls), task(ColourEngine()))
    next(results)
    begin = time.monotonic()
    results.close()
    assert time.monotonic() - begin < 3
    for _ in range(40):
        if not [each for each in threading.enumerate() if each.name == "fetch"]:
            break
        time.sleep(0.05)
    assert not [each for each in threading.enumerate() if each.name == "fetch"]
