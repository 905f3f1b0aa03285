"""A user and a password in a URL are sent to its server, and are in no record."""

from __future__ import annotations

import base64
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from conftest import SAMPLES

from mobilenet_cli.images.decode import open_image
from mobilenet_cli.inputs.csv_table import CsvTable
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.inputs.labelled_csv import TruthTable

SECRET = "https://ann:s3cret@example.org/a%20b.jpg?size=1"
SHOWN = "https://example.org/a%20b.jpg?size=1"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SECRET, SHOWN),
        ("https://ann@example.org/a.jpg", "https://example.org/a.jpg"),
        ("https://a:b@c@example.org/a.jpg", "https://example.org/a.jpg"),
        ("zip://a.jpg::https://ann:s3cret@example.org/b.zip", "zip://a.jpg::https://example.org/b.zip"),
        ("https://example.org/@ann/a.jpg", "https://example.org/@ann/a.jpg"),
        ("https://example.org/a.jpg?to=ann@example.org", "https://example.org/a.jpg?to=ann@example.org"),
        ("./ann:s3cret@a.jpg", "./ann:s3cret@a.jpg"),
    ],
)
def test_sources_show_urls_without_them(url: str, shown: str) -> None:
    for sources in (find_sources([url]), find_sources([], listed=[url])):
        assert [source.path for source in sources] == [shown]


def test_rows_of_a_table_have_neither(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text(f"path,label\n{SECRET},cat\n")
    (source,) = CsvTable(str(table)).sources()
    assert (source.path, source.cells) == (SHOWN, (SHOWN, "cat"))
    truth = TruthTable(str(table))
    (found,) = find_sources([], listed=truth.paths)
    assert truth(found.path) == "cat"


def test_they_are_sent_to_the_server() -> None:
    sent = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(self.headers["Authorization"])
            body = (SAMPLES / "cat.jpg").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        (source,) = find_sources([f"http://ann:s3cret@127.0.0.1:{server.server_port}/cat.jpg"])
        with open_image(source) as image:
            assert image.width > 0
        server.shutdown()
    assert sent[-1] == "Basic " + base64.b64encode(b"ann:s3cret").decode()
