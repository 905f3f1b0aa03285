"""Object stores: a real S3 server (moto), a small one that plays Google's, and fsspec's own memory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from colour_engine import IMAGES, ColourEngine, records_of, task
from conftest import ROOT, SAMPLES
from network_scores import differences
from s3_server import CREDENTIALS
from unmeasured import unmeasured
from web_server import TIMEOUT, Answer, outcome

from mobilenet_cli.inputs.find import count_sources, find_sources
from mobilenet_cli.records import Source
from mobilenet_cli.remote import object_stores

KEYS = (
    *("cat.JPG", "dog.png", "notes.txt", "b/.hidden.png", "b/.git/x.png", "b/1.png", "b/c/2.png", "b/c/d/3.png"),
    *("b-old/1.png", "a b/ü #1?x=[2].png", "b/", "folder.png/", "placeholder/", "same", "same/1.png", "e//f.png"),
)
BELOW_B = ["b/1.png", "b/c/2.png", "b/c/d/3.png"]


pytestmark = pytest.mark.usefixtures("new_stores")


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """An S3 server with the buckets "photos", "samples" and "empty", whose pages hold four keys."""
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "4")
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        url = "http://{}:{}".format(*server.get_host_and_port())
        import boto3

        client = boto3.client("s3", endpoint_url=url)
        for bucket in ("photos", "samples", "empty"):
            client.create_bucket(Bucket=bucket)
        for number, key in enumerate(KEYS):
            client.put_object(
                Bucket="photos", Key=key, Body=b"" if key[-1] == "/" else list(IMAGES.values())[number % 3]
            )
        for file in SAMPLES.iterdir():
            client.put_object(Bucket="samples", Key=f"sample_images/{file.name}", Body=file.read_bytes())
        yield url
        server.stop()


@pytest.fixture(scope="module")
def kept_stores() -> dict[str, object_stores.ObjectStore]:
    """What is kept from test to test: it takes botocore half a second to make a client."""
    return {}


@pytest.fixture
def s3(
    s3_url: str, kept_stores: dict[str, object_stores.ObjectStore], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": s3_url}.items():
        monkeypatch.setenv(name, value)
    object_stores._stores.update(kept_stores)
    yield
    kept_stores.update(object_stores._stores | kept_stores)


@pytest.fixture
def bad_s3(web, monkeypatch: pytest.MonkeyPatch):
    """A web server whose answers are taken for those of S3."""
    settings = {"AWS_ENDPOINT_URL": web.url, "MNCLASSIFY_REMOTE_TIMEOUT": str(TIMEOUT)}
    for name, value in (CREDENTIALS | settings).items():
        monkeypatch.setenv(name, value)
    return web


def found(argument: str, **options) -> list[str]:
    """Return the keys of what is found; an error behind them."""
    return [
        source.path.partition("://photos/")[2] + (f": {source.error}" if source.error else "")
        for source in find_sources([argument], **options)
    ]


def images(keys=KEYS, *, hidden: bool = False) -> list[str]:
    """Return the images among the keys, as a reader of the rules would pick them, sorted as S3 sorts."""
    chosen = [key for key in keys if key.lower().endswith((".jpg", ".png")) and (hidden or "/." not in key)]
    return sorted(chosen, key=str.encode)


# --- S3


def test_the_folders_of_other_programs_are_left_out_unless_wanted_or_named(s3, monkeypatch: pytest.MonkeyPatch):
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket="nas")
    for key in ("@eaDir/a.jpg/thumb.jpg", "p/#recycle/b.jpg", "p/c.jpg"):
        client.put_object(Bucket="nas", Key=key, Body=b"")

    def of_nas(argument: str, **options) -> list[str]:
        return [source.path.removeprefix("s3://nas/") for source in find_sources([argument], **options)]

    assert of_nas("s3://nas") == of_nas("s3://nas/**/*.jpg") == ["p/c.jpg"]
    assert len(of_nas("s3://nas", include_hidden=True)) == 3
    assert of_nas("s3://nas/p/#recycle/") == ["p/#recycle/b.jpg"]


def test_a_bucket_or_a_prefix_is_a_folder_whose_images_come_sorted_by_key(s3):
    assert found("s3://photos") == found("s3://photos/") == images()
    assert found("s3://photos/b") == found("s3://photos/b/") == BELOW_B
    assert found("s3://photos/", include_hidden=True) == images(hidden=True)
    assert found("s3://photos/", recursive=False) == ["cat.JPG", "dog.png"]
    assert found("s3://photos/b", recursive=False) == ["b/1.png"]
    assert found("s3://photos/e/") == ["e//f.png"]
    assert found("s3://empty/") == found("s3://empty") == []


def test_what_a_bucket_leaves_out_is_what_a_folder_leaves_out(s3, tmp_path, monkeypatch):
    for key in KEYS:
        if key[-1] != "/" and key not in {"same", "e//f.png"}:
            (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / key).touch()
    monkeypatch.chdir(tmp_path)
    for exclude in (["c"], ["c/"], ["*.png"], ["b/c"], ["*/d/*"], ["**/1.png"], ["dog.png", "b-*"], ["b/c/d/3.png"]):
        on_disk = [source.path.removeprefix("./") for source in find_sources(["."], exclude=exclude)]
        in_bucket = [key for key in found("s3://photos/", exclude=exclude) if key != "e//f.png"]
        assert sorted(in_bucket) == sorted(on_disk), exclude


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("*.png", ["dog.png"]),
        ("*.JPG", ["cat.JPG"]),
        ("**/*.png", [key for key in images() if key.endswith("png")]),
        ("**", images()),
        ("b/*", BELOW_B),
        ("b*/1.png", ["b-old/1.png", "b/1.png"]),
        ("b/**/[23].png", ["b/c/2.png", "b/c/d/3.png"]),
        ("b/?", ["b/c/2.png", "b/c/d/3.png"]),
        ("b*/", ["b-old/1.png", *BELOW_B]),
        ("*.txt", ["notes.txt"]),
        ("b/.*.png", ["b/.hidden.png"]),
        ("sam*", ["same", "same/1.png"]),
        ("a b/ü #1?x=[2].png", ["a b/ü #1?x=[2].png"]),
        ("*.gif", ["*.gif: no file matches this pattern"]),
        ("no/*/such", ["no/*/such: no file matches this pattern"]),
    ],
)
def test_patterns_match_as_in_a_shell(s3, pattern, keys):
    assert found(f"s3://photos/{pattern}") == keys


def test_patterns_follow_the_rules_of_folders(s3):
    assert found("s3://photos/b*", recursive=False) == ["b-old/1.png", "b/1.png"]
    assert found("s3://photos/**/*.png", exclude=["b"]) == [
        "a b/ü #1?x=[2].png",
        "b-old/1.png",
        "dog.png",
        "e//f.png",
        "same/1.png",
    ]
    assert found("s3://photos/b/*", exclude=["c"]) == ["b/1.png"]
    assert list(find_sources(["s3://ph*/a.jpg"])) == [
        Source("s3://ph*/a.jpg", error="the name of a bucket cannot be a pattern")
    ]


def test_a_named_object_is_one_image_whatever_it_ends_in(s3):
    assert found("s3://photos/notes.txt") == ["notes.txt"]
    assert found("s3://photos/none.jpg") == ["none.jpg"]
    assert count_sources(["s3://photos/dog.png", "s3://photos/b"]) == 4
    assert list(find_sources([], listed=["s3://photos/b/", "s3://photos/*"])) == [
        Source("s3://photos/b/"),
        Source("s3://photos/*"),
    ]


def test_every_object_that_is_found_is_fetched_whatever_its_key(s3):
    labels = dict(zip(KEYS, [*IMAGES] * len(KEYS), strict=False))
    results = list(records_of(find_sources(["s3://photos/"]), task(ColourEngine())))
    assert [result.path for result in results] == [f"s3://photos/{key}" for key in images()]
    assert [result.predictions[0].label for result in results] == [labels[key] for key in images()]


def test_what_is_not_there_is_a_row(s3):
    assert outcome("s3://photos/none.jpg") == "404 Not Found"
    assert outcome("s3://nobucket/cat.jpg") == "no such bucket"
    assert outcome("s3://photos/placeholder/") == "the file is empty (0 bytes)"
    assert [source.error for source in find_sources(["s3://nobucket/", "s3://photos/none/", "s3://"])] == [
        "cannot be listed: no such bucket",
        "no such folder: there is nothing below it",
        "it names no bucket",
    ]


def error_of_s3(status: int, code: str) -> Answer:
    return Answer(f"<Error><Code>{code}</Code><Message>s3cret</Message></Error>".encode(), status)


@pytest.mark.parametrize(
    ("answer", "error", "requests"),
    [
        (error_of_s3(403, "AccessDenied"), "access denied (403)", 1),
        (error_of_s3(403, "InvalidAccessKeyId"), "access denied (403 InvalidAccessKeyId)", 1),
        (error_of_s3(400, "ExpiredToken"), "400 Bad Request (ExpiredToken)", 1),
        (error_of_s3(503, "SlowDown"), "503 Service Unavailable", 3),
        (error_of_s3(500, "InternalError"), "500 Internal Server Error", 3),
        (Answer(IMAGES["red"], cut_after=20), "the connection was dropped", 3),
        (Answer(IMAGES["red"], latency=60), "the server did not answer within 1 s", 3),
    ],
)
def test_a_failure_of_the_store_is_a_row_and_only_what_may_pass_is_tried_again(bad_s3, answer, error, requests):
    bad_s3.answers["*"] = [answer]
    assert outcome("s3://photos/cat.jpg") == error
    assert len(bad_s3.requests) == requests


@pytest.mark.parametrize(
    "passing", [error_of_s3(503, "SlowDown"), Answer(IMAGES["red"], cut_after=20)], ids=["503", "dropped"]
)
def test_what_fails_twice_and_then_comes_is_no_failure(bad_s3, passing):
    bad_s3.answers["*"] = [passing, passing, Answer(IMAGES["blue"])]
    assert outcome("s3://photos/cat.jpg") == "blue"


def test_a_listing_is_tried_again_and_what_was_listed_before_a_failure_is_kept(bad_s3):
    page = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
        b"<Contents><Key>a.jpg</Key><Size>1</Size></Contents></ListBucketResult>"
    )
    bad_s3.answers["*"] = [error_of_s3(503, "SlowDown"), Answer(page), error_of_s3(503, "SlowDown")]
    assert list(find_sources(["s3://photos/"])) == [
        Source("s3://photos/a.jpg"),
        Source("s3://photos/", error="cannot be listed to its end: 503 Service Unavailable"),
    ]
    assert len(bad_s3.requests) == 5


def test_an_object_that_may_be_read_but_not_listed_is_read(bad_s3):
    bad_s3.answers = {"/photos/cat": [Answer(IMAGES["green"])], "*": [error_of_s3(403, "AccessDenied")]}
    (source,) = find_sources(["s3://photos/cat"])
    assert [result.predictions[0].label for result in records_of([source], task(ColourEngine()))] == ["green"]
    (folder,) = find_sources(["s3://photos/cats/"])
    assert folder.error == "cannot be listed: access denied (403)"


def test_without_credentials_the_row_says_so(s3, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    object_stores._stores.clear()
    assert outcome("s3://photos/dog.png").startswith("no credentials were found; ")


# --- Google Cloud Storage


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """A server that plays the part of Google's JSON API that lists and reads, two entries a page: its objects."""
    objects: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            bucket, _, rest = url.path.partition("/b/")[2].partition("/o")
            if bucket != "photos":
                self._send(404, {"error": {"code": 404, "message": "The specified bucket does not exist."}})
            elif rest:
                self._object(unquote(rest[1:]))
            else:
                self._send(200, self._page(query))

        def _object(self, name: str) -> None:
            if name == "secret.png":
                return self._send(403, {"error": {"code": 403, "message": "s3cret"}})
            if name not in objects:
                return self._send(404, {"error": {"code": 404, "message": "No such object"}})
            first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
            part = objects[name][int(first) : int(last) + 1]
            return self._send(206, part) if part else self._send(416, {"error": {"code": 416, "message": "range"}})

        def _page(self, query: dict[str, str]) -> dict[str, object]:
            prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
            entries = set()
            for name in objects:
                if name.startswith(prefix):
                    head, slash, _ = name[len(prefix) :].partition("/") if delimiter else (name[len(prefix) :], "", "")
                    entries.add(prefix + head + slash)
            begin = int(query.get("pageToken", 0))
            page = sorted(entries)[begin : begin + 2]
            more = {"nextPageToken": str(begin + 2)} if begin + 2 < len(entries) else {}
            items = [{"name": name} for name in page if name in objects]
            prefixes = [name for name in page if name not in objects]
            return {"kind": "storage#objects", "items": items, "prefixes": prefixes, **more}

        def _send(self, status: int, body: object) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    from fsspec.config import conf

    monkeypatch.setitem(conf, "gs", {"token": "anon"})
    yield objects
    server.shutdown()
    server.server_close()


def test_google_s_store_is_listed_and_read_by_the_same_rules(google):
    google.update({"b/1.png": IMAGES["red"], "b/c/2.png": IMAGES["green"], "a.png": IMAGES["blue"], "b/x.txt": b""})
    google["b/.3.png"] = google["empty.png"] = b""
    assert found("gs://photos/") == ["a.png", "b/1.png", "b/c/2.png", "empty.png"]
    assert found("gs://photos/b", recursive=False) == ["b/1.png"]
    assert found("gs://photos/**/[12].png") == ["b/1.png", "b/c/2.png"]
    assert outcome("gs://photos/b/1.png") == "red"
    assert outcome("gs://photos/empty.png") == "the file is empty (0 bytes)"
    assert outcome("gs://photos/none.png") == "404 Not Found"
    assert outcome("gs://photos/secret.png") == "access denied (403)"
    assert [source.error for source in find_sources(["gs://nobucket/"])] == ["cannot be listed: 404 Not Found"]


def test_a_large_object_is_read_in_several_ranges(google):
    google["large.png"] = IMAGES["red"] + bytes(16 << 20)
    assert outcome("gs://photos/large.png") == "red"
    google["exact.png"] = (IMAGES["blue"] + bytes(8 << 20))[: 8 << 20]
    assert outcome("gs://photos/exact.png") == "blue"


# --- other protocols


def test_other_protocols_of_fsspec_are_listed_and_read(monkeypatch):
    import fsspec

    files = fsspec.filesystem("memory")
    for name, data in {"b/1.png": IMAGES["red"], "b/c/2.png": IMAGES["green"], "b/x.txt": b"", "b/.3.png": b""}.items():
        files.pipe_file(f"/photos/{name}", data)
    try:
        assert found("memory://photos/b") == ["b/1.png", "b/c/2.png"]
        assert found("memory://photos/b/", recursive=False) == ["b/1.png"]
        assert found("memory://photos/b/*") == ["b/1.png", "b/c/2.png", "b/x.txt"]
        assert outcome("memory://photos/b/1.png") == "red"
        assert outcome("memory://photos/b/none.png") == "404 Not Found"
    finally:
        files.rm("/photos", recursive=True)


def test_any_ending_finds_images_of_a_remote_folder_by_their_first_bytes():
    import fsspec

    files = fsspec.filesystem("memory")
    content = {"b/1.png": b"", "b/2": IMAGES["green"], "b/c/3.jpg_large": IMAGES["red"], "b/4.txt": b"text", "b/5": b""}
    for name, data in {**content, "b/.6": IMAGES["red"]}.items():
        files.pipe_file(f"/any/{name}", data)
    try:
        assert [source.path for source in find_sources(["memory://any/b"])] == ["memory://any/b/1.png"]
        with_any = [source.path for source in find_sources(["memory://any/b"], any_ending=True)]
        assert with_any == [f"memory://any/{name}" for name in ("b/1.png", "b/2", "b/c/3.jpg_large")]
        assert count_sources(["memory://any/b"], any_ending=True) == 3
    finally:
        files.rm("/any", recursive=True)


def test_any_ending_looks_into_the_objects_of_s3(s3):
    # Every object but the placeholders of folders is an image.
    expected = sorted([*images(), "notes.txt", "same"], key=str.encode)
    assert found("s3://photos/", any_ending=True) == expected


def test_a_protocol_that_nothing_here_reads_is_a_row():
    assert outcome("nosuch://bucket/a.jpg") == "nosuch:// cannot be read: Protocol not known: nosuch"
    (source,) = find_sources(["file:///tmp/a.jpg"])
    assert source.error == "name a file of this machine by its path, without file://"


@pytest.mark.parametrize("missing", ["fsspec", "s3fs"])
def test_without_the_extra_the_message_is_the_command_that_installs_it(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    words = f"s3:// sources need an extra: {sys.executable} -m pip install 'mobilenet-cli[remote]'"
    assert outcome("s3://photos/a.jpg") == words
    code = f"import sys; sys.modules[{missing!r}] = None; from mobilenet_cli.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "s3://photos/"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == f"mnclassify: {words}\n"


# --- the installed command


@pytest.mark.slow
def test_a_bucket_gives_the_same_records_as_the_disk(mnclassify, s3):
    options = ("-m", "efficientnet_lite0", "-f", "jsonl")
    disk = mnclassify(str(SAMPLES), *options)
    bucket = mnclassify("s3://samples/sample_images", *options)
    # Fetched images may share batches with others than those of the disk, which rounds differently.
    for one, other in zip(
        map(json.loads, bucket.stdout.splitlines()), map(json.loads, disk.stdout.splitlines()), strict=True
    ):
        assert one["path"] == other["path"].replace(str(SAMPLES), "s3://samples/sample_images")
        assert (one["status"], one["width"], one["height"]) == ("ok", other["width"], other["height"])
        assert not differences(one["predictions"], other["predictions"])
    assert bucket.stdout.count('"ok"') >= 5
    assert (bucket.returncode, bucket.stderr, disk.returncode) == (0, "", 0)


@pytest.mark.slow
def test_rows_of_a_bucket_are_gone_on_with(mnclassify, s3, tmp_path):
    # One image at a time: a resumed run would put others together, which rounds differently.
    options = ("-m", "efficientnet_lite0", "--batch-size", "1", "-f", "csv", "-k", "1", "-o")
    whole, resumed = tmp_path / "whole.csv", tmp_path / "resumed.csv"
    assert mnclassify("s3://samples/", *options, str(whole)).returncode == 0
    rows = whole.read_text().splitlines(keepends=True)
    resumed.with_name("resumed.csv.part").write_text("".join(rows[:3]))
    done = mnclassify("s3://samples/", *options, str(resumed), "--resume")
    assert "2 images already done" in done.stderr
    assert resumed.read_text() == whole.read_text()


@pytest.mark.slow
def test_stores_that_cannot_be_had_are_rows_between_others(mnclassify, monkeypatch):
    monkeypatch.setenv("FSSPEC_GS_TOKEN", "s3cret")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    sources = ["ftp://127.0.0.1:9/photos/", "gs://bucket/photos/", "gs://bucket/cat.jpg", str(SAMPLES / "cat.jpg")]
    done = mnclassify(*sources, "-m", "efficientnet_lite0", "-f", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["path"] for row in rows] == sources
    assert [row["status"] for row in rows] == ["error", "error", "error", "ok"]
    assert done.returncode == 1
    *failures, last = done.stderr.splitlines()
    assert last == "mnclassify: 3 of 4 images could not be classified"
    assert failures == [f"mnclassify: {row['path']}: {row['error']}" for row in rows[:3]]
    assert "s3cret" not in done.stdout


@pytest.mark.slow
def test_ctrl_c_ends_the_command_while_a_server_is_waited_for(mnclassify, web):
    web.answers["*"] = [Answer(latency=60)]
    process = subprocess.Popen(
        [Path(sys.executable).with_name("mnclassify"), "-m", "efficientnet_lite0", f"{web.url}/cat.jpg"],
        env=unmeasured(MNCLASSIFY_REMOTE_TIMEOUT="60"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not web.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - begin < 5
    assert (process.returncode, told.strip()) == (130, "mnclassify: interrupted")
