"""What a store cannot do is a row that says so: no run waits for ever, ends early, or tells a secret."""

from __future__ import annotations

import csv
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import fsspec
import pytest
from colour_engine import ColourEngine, records_of, task
from conftest import SAMPLES
from fsspec.config import conf
from web_server import outcome

from mobilenet_cli import cli
from mobilenet_cli.inputs.csv_table import CsvTable
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.records import Source
from mobilenet_cli.remote.object_stores import store_of

_Found = TypeVar("_Found")


pytestmark = pytest.mark.usefixtures("new_stores")


def soon(ask: Callable[[], _Found]) -> _Found:
    """Return what `ask` returns; fail, and do not wait for ever, if it does not."""
    answers: list[_Found] = []
    thread = threading.Thread(target=lambda: answers.append(ask()), daemon=True)
    thread.start()
    thread.join(20)
    assert answers, "no answer"
    return answers[0]


def error_of(argument: str) -> str | None:
    """Return the error of the only Source that an argument stands for."""
    (source,) = find_sources([argument])
    assert source.path == argument
    return source.error


def test_credentials_that_are_none_are_a_row(monkeypatch, tmp_path):
    for content in ("no JSON", '{"type": "authorized_user"}'):
        (tmp_path / "token.json").write_text(content)
        monkeypatch.setitem(conf, "gs", {"token": str(tmp_path / "token.json")})
        reason = "the credentials cannot be used: look at FSSPEC_GS_TOKEN"
        assert soon(lambda: outcome("gs://bucket/cat.jpg")) == reason
        assert error_of("gs://bucket/photos/") == error_of("gs://bucket/*.jpg") == f"cannot be listed: {reason}"


def test_credentials_that_cannot_be_checked_are_a_row_that_does_not_quote_them(monkeypatch):
    monkeypatch.setitem(conf, "gs", {"token": "s3cret"})
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert soon(lambda: outcome("gs://bucket/cat.jpg")) == "the server cannot be reached"
    assert error_of("gs://bucket/photos/") == "cannot be listed: the server cannot be reached"
    assert list(find_sources(["gs://bucket/photos"])) == [Source("gs://bucket/photos")]  # it may be a file


def test_no_protocol_waits_for_the_credentials_of_another(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(conf, "gs", {"token": "s3cret"})
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        waiting = threading.Thread(target=outcome, args=["gs://bucket/cat.jpg"], daemon=True)
        waiting.start()
        asked, _ = silent.accept()
        with asked:
            assert outcome("memory://photos/none.png") == "404 Not Found"
            assert waiting.is_alive()
    waiting.join(20)
    assert not waiting.is_alive()


class Faulty(fsspec.AbstractFileSystem):
    """A filesystem that is set up for hosts named "fine" alone, and whose library does what none should."""

    protocol = "faulty"
    cachable = False

    def __init__(self, **settings: object) -> None:
        super().__init__()
        if settings["host"] != "fine":
            raise OSError("https://user:s3cret@faulty.example/ said no")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        return {"host": path.partition("://")[2].partition("/")[0]}

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        raise SystemExit("give up")


def test_whatever_a_filesystem_raises_is_a_row_that_tells_no_secret():
    fsspec.register_implementation("faulty", Faulty)
    assert soon(lambda: outcome("faulty://bad/cat.jpg")) == "cannot be fetched (OSError)"
    assert error_of("faulty://bad/photos/") == "cannot be listed: cannot be fetched (OSError)"
    assert error_of("faulty://bad/*.jpg") == "cannot be listed: cannot be fetched (OSError)"
    assert soon(lambda: outcome("faulty://fine/cat.jpg")) == "cannot be fetched (SystemExit: give up)"


def test_a_server_that_is_not_there_is_a_row():
    assert error_of("ftp://127.0.0.1:9/photos/") == "cannot be listed: the server cannot be reached"
    assert error_of("ftp://127.0.0.1:9/photos/*.jpg") == "cannot be listed: the server cannot be reached"
    assert soon(lambda: outcome("ftp://127.0.0.1:9/cat.jpg")) == "the server cannot be reached"


def test_files_of_this_machine_are_not_named_by_url_wherever_they_are_named(tmp_path):
    cat = SAMPLES / "cat.jpg"
    for url in (f"file://{cat}", f"FILE://{cat}", f"local://{cat}"):
        with (tmp_path / "t.csv").open("w") as table:
            csv.writer(table).writerows([["path"], [url]])
        reason = f"name a file of this machine by its path, without {url.partition('://')[0].lower()}://"
        for sources in ([Source(url)], find_sources([url]), find_sources([], listed=[url])):
            assert [(each.path, each.error) for each in records_of(sources, task(ColourEngine()))] == [(url, reason)]
        (row,) = records_of(CsvTable(str(tmp_path / "t.csv")).sources(), task(ColourEngine()))
        assert (row.path, row.error) == (url, reason)


def test_a_stopped_run_makes_no_store():
    from mobilenet_cli.errors import ImageError
    from mobilenet_cli.remote.patience import Patience

    patience = Patience()
    patience.stopped.set()
    with pytest.raises(ImageError, match="the run was stopped"):
        store_of("memory://photos/cat.jpg", patience)


# --- the command


def test_what_fails_is_not_taken_for_standard_output(monkeypatch, capsys):
    def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(cli.cli, "main", refused)
    assert cli._run([]) == 70
    told = capsys.readouterr().err
    assert "internal error: ConnectionRefusedError" in told
    assert "standard output" not in told


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["models", "--help"]])
def test_what_cannot_be_printed_is_told_as_that(arguments):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "mobilenet_cli", *arguments], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 4
    assert done.stderr == b"mnclassify: cannot write standard output: No space left on device\n"
