"""Downloads of models: from where, how much, how slowly; and what has changed since it was first downloaded."""

from __future__ import annotations

import io
import socket
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import Answer, HubServer

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import archive
from mobilenet_cli.in_tensorflow.downloads import caps, http, routes
from mobilenet_cli.in_tensorflow.downloads.expected import Expected
from mobilenet_cli.models.origin import origin_of
from mobilenet_cli.models.sources import pins

PUBLIC = "93.184.216.34"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of the internet and of a private network, that no server of names is asked for."""
    known = {
        "public.test": PUBLIC,
        "other.test": PUBLIC,
        "private.test": "10.0.0.7",
        "metadata.test": "169.254.169.254",
    }

    def lookup(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host.replace(".", "").isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0))]
        if host not in known:
            raise socket.gaierror(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[host], 0))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("before", "after", "is_followed"),
    [
        ("https://public.test/a", "https://other.test/b", True),
        ("https://public.test/a", "http://public.test/a", False),
        ("https://public.test/a", "ftp://public.test/a", False),
        ("https://public.test/a", "file:///etc/passwd", False),
        ("https://public.test/a", "https://private.test/a", False),
        ("https://public.test/a", "https://metadata.test/a", False),
        ("https://public.test/a", "https://127.0.0.1/a", False),
        ("https://public.test/a", "https://[::1]/a", False),
        ("https://public.test/a", "https://localhost/a", False),
        ("https://private.test/a", "https://private.test/b", True),
        ("http://127.0.0.1:1/a", "http://127.0.0.1:2/b", True),
        ("http://127.0.0.1:1/a", "https://public.test/b", True),
        ("https://public.test/a", "https://unknown.test/a", True),  # it fails by itself, or a proxy knows it
    ],
)
def test_redirections(before: str, after: str, is_followed: bool) -> None:
    if is_followed:
        routes.check_step(before, after)
    else:
        with pytest.raises(ModelError, match="not followed"):
            routes.check_step(before, after)


def test_a_handle_over_plain_http_is_of_this_machine_or_insecure(monkeypatch: pytest.MonkeyPatch) -> None:
    def reason(handle: str) -> str | None:
        question = origin_of(handle).sources[0].question("classification")
        assert question is not None
        return question()

    assert "plain http" in (reason("http://models.example/a/classification/4") or "")
    assert "plain http" not in (reason("http://127.0.0.1:9/a/classification/4") or "")
    assert "plain http" not in (reason("http://localhost:9/a/classification/4") or "")
    monkeypatch.setenv("MNCLASSIFY_INSECURE", "1")
    assert routes.reason_against("http://models.example/a") is None
    monkeypatch.setenv("MNCLASSIFY_INSECURE", "0")
    assert routes.reason_against("http://models.example/a") is not None
    assert routes.reason_against("https://models.example/a") is None


def test_a_redirection_of_a_server_is_refused_where_it_is_met(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_is_private", lambda url: "private.test" in url)
    hub.answers["/a"] = Answer(status=302, headers={"Location": "http://private.test/a"})
    with pytest.raises(ModelError, match=r"private one \(private\.test\)"):
        http.download(f"{hub.url}/a", tmp_path / "a", "")
    assert not (tmp_path / "a").exists()


def test_too_many_bytes_end_a_download(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNCLASSIFY_MAX_MODEL_BYTES", "1000")
    hub.answers["/a"] = Answer(b"x" * 1001)
    with pytest.raises(ModelError, match=r"more than 1,000 bytes; MNCLASSIFY_MAX_MODEL_BYTES"):
        http.download(f"{hub.url}/a", tmp_path / "a", "")
    hub.answers["/a"] = Answer(b"x" * 1000)
    http.download(f"{hub.url}/a", tmp_path / "a", "")
    monkeypatch.setenv("MNCLASSIFY_MAX_MODEL_BYTES", "-1")
    with pytest.raises(ModelError, match="number of bytes above 0, not '-1'"):
        caps.most_bytes()


def test_a_drip_ends_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(caps.time, "monotonic", lambda: now[0])
    fast = caps.Pace()
    for _ in range(12):
        now[0] += 10
        fast.came(caps.LEAST_BYTES // 6 + 1)
    now[0] = 0.0
    slow = caps.Pace()
    for _ in range(5):
        now[0] += 10
        slow.came(1)
    now[0] += 10
    with pytest.raises(ModelError, match="too slow: 6 bytes in 60 s"):
        slow.came(1)


def tar_of(*sizes: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for number, size in enumerate(sizes):
            member = tarfile.TarInfo(f"{number}.bin")
            member.size = size
            tar.addfile(member, io.BytesIO(bytes(size)))
    return stream.getvalue()


def zip_of(*sizes: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for number, size in enumerate(sizes):
            made.writestr(f"{number}.bin", bytes(size))
    return stream.getvalue()


@pytest.mark.parametrize(("pack", "unpack"), [(tar_of, archive.unpack), (zip_of, archive.unzip)])
def test_archives_that_unpack_to_too_much_are_refused(
    pack: object, unpack: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(pack)
    assert callable(unpack)
    monkeypatch.setenv("MNCLASSIFY_MAX_MODEL_BYTES", "100000")
    monkeypatch.setattr(caps, "_MOST_FILES", 3)
    file = tmp_path / "a.archive"
    for sizes, reason in (((60_000, 60_000), "more than 100,000 bytes"), ((1, 1, 1, 1), "more than 3 files")):
        file.write_bytes(pack(*sizes))
        with pytest.raises(ModelError, match=reason):
            unpack(file, tmp_path / "unpacked")
        assert not list((tmp_path / "unpacked").glob("*"))
    file.write_bytes(pack(60_000, 1, 1))
    unpack(file, tmp_path / "unpacked")
    assert len(list((tmp_path / "unpacked").iterdir())) == 3


def test_what_changed_since_its_first_download_is_refused_with_both_hashes() -> None:
    first, second, place = "1" * 64, "2" * 64, "https://models.example/a"
    pins.expected(place).check(first)
    pins.keep(place, first)
    pins.expected(place).check(first)
    with pytest.raises(ModelError, match=f"SHA-256 {second}, not {first}; .*remove ") as error:
        pins.expected(place).check(second)
    Path(str(error.value).rpartition("remove ")[2]).unlink()
    pins.expected(place).check(second)
    pins.keep("https://models.example/b", second)
    pins.expected(place).check(first)
    assert Expected("", "note").check(first) is None
