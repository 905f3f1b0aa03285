"""A web server on this machine that is slow, refuses, breaks off, and changes its mind."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from colour_engine import ColourEngine, records_of, task

from mobilenet_cli.records import Result, Source

TIMEOUT = 1.0
"""Seconds that a server may be silent in the tests that have one which is."""


@dataclass(frozen=True)
class Answer:
    """What the web server of the tests answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    latency: float = 0.0
    cut_after: int | None = None
    """Bytes after which the connection is dropped."""
    drip: float = 0.0
    """Seconds before each byte of the body."""
    has_parts: bool = False
    """Whether a part of it is sent where that is asked for."""


class WebServer:
    """Answers each request for a path with the next of its answers, and the last one ever after."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[str] = []
        self.parts: list[str] = []
        self.agents: set[str] = set()
        self.busiest = 0
        self.closing = threading.Event()
        busy, lock, web = Counter[str](), threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with lock:
                    busy["now"] += 1
                    web.busiest = max(web.busiest, busy["now"])
                    web.requests.append(self.path)
                    web.agents.add(self.headers["User-Agent"])
                    queue = web.answers.get(self.path) or web.answers.get("*") or [Answer(status=404)]
                    answer = queue.pop(0) if len(queue) > 1 else queue[0]
                try:
                    self._send(answer)
                except OSError:
                    pass  # whoever asked has left
                finally:
                    with lock:
                        busy["now"] -= 1

            def _send(self, answer: Answer) -> None:
                web.closing.wait(answer.latency)
                part = self.headers["Range"]
                if answer.has_parts and part is not None:
                    answer = self._part(answer, *part.removeprefix("bytes=").split("-"))
                self.send_response(answer.status)
                if "Transfer-Encoding" not in answer.headers:
                    self.send_header("Content-Length", str(len(answer.body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if answer.drip:
                    for byte in answer.body:
                        web.closing.wait(answer.drip)
                        self.wfile.write(bytes([byte]))
                self.wfile.write(answer.body[: answer.cut_after])
                if answer.cut_after is not None:
                    self.close_connection = True

            def _part(self, answer: Answer, begin: str, last: str) -> Answer:
                web.parts.append(f"{begin}-{last}")
                size = len(answer.body)
                if int(begin) >= size:
                    return Answer(status=416)
                body = answer.body[int(begin) : int(last) + 1 if last else size]
                headers = {**answer.headers, "Content-Range": f"bytes {begin}-{int(begin) + len(body) - 1}/{size}"}
                return replace(answer, body=body, status=206, headers=headers)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving() -> Iterator[WebServer]:
    """Run a server for the length of a `with` block."""
    server = WebServer()
    try:
        yield server
    finally:
        server.close()


def classified(*urls: str, **options) -> list[Result]:
    """Return the colour of what each URL leads to."""
    return list(records_of(map(Source, urls), task(ColourEngine()), **options))


def outcome(url: str) -> str:
    """Return the label of what is there, or why there is none."""
    (result,) = classified(url)
    assert result.path == url
    return result.error or result.predictions[0].label
