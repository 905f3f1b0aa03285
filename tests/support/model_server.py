"""A server on this machine that plays TF Hub, Kaggle's API and TF-Slim's archives, well or badly."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KAGGLE_API = "/v1/models.ModelApiService/"


@dataclass(frozen=True)
class Reply:
    """What is answered at a path."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes after which the connection is dropped."""
    silent: float = 0
    """Seconds before the answer."""
    stalls: float = 0
    """Seconds in the middle of the body."""

    def signed(self, header: str = "X-Goog-Hash") -> Reply:
        """Return it with its MD5 as Cloud Storage or another store sends it."""
        md5 = base64.b64encode(hashlib.md5(self.body).digest()).decode()
        value = f"crc32c=AAAAAA==,md5={md5}" if header == "X-Goog-Hash" else md5
        return replace(self, headers={**self.headers, header: value})


PAGE = Reply(b"<html>not here</html>", headers={"Content-Type": "text/html; charset=utf-8"})
SILENCE = Reply(silent=60)


class ModelServer:
    """Answers from a table of paths and remembers what it was asked for."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.default = Reply(status=404)
        self.requests: list[str] = []
        self._closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                server.requests.append(path)
                self._send(server.replies.get(path, server.default))

            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append(f"{self.path} {query.get('instanceSlug')} {query.get('path', '')}".strip())
                self._send(server.kaggle_reply(self.path.removeprefix(KAGGLE_API), query))

            def _send(self, reply: Reply) -> None:
                server._closing.wait(reply.silent)
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    half = len(reply.body) // 2
                    self.wfile.write(reply.body[: min(half, reply.cut_after or half)])
                    server._closing.wait(reply.stalls)
                    if reply.cut_after is None:
                        self.wfile.write(reply.body[half:])
                except OSError:
                    pass  # whoever asked has left

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.kaggle_files: dict[str, dict[str, Reply]] = {}
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def kaggle_reply(self, method: str, query: Mapping[str, str]) -> Reply:
        """Answer as Kaggle's API: a list of a variation's files, and for each a redirect to where it is."""
        if special := self.replies.get(KAGGLE_API + method):
            return special
        files = self.kaggle_files.get(query["instanceSlug"])
        if files is None:
            return Reply(status=404)
        if method == "ListModelInstanceVersionFiles":
            body = json.dumps({"files": [{"name": name} for name in files], "nextPageToken": ""}).encode()
            return Reply(body, headers={"Content-Type": "application/json"})
        path = f"/storage/{query['instanceSlug']}/{query['path']}"
        self.replies[path] = files[query["path"]]
        return Reply(status=302, headers={"Location": self.url + path})

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


def tar_of(*folders: Path, members: Mapping[str, bytes | tarfile.TarInfo] | None = None) -> bytes:
    """Return a gzipped tar of the folders' files and of further members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for folder in folders:
            archive.add(folder, arcname=".")
        for name, content in (members or {}).items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            data = b"" if isinstance(content, tarfile.TarInfo) else content
            info.name, info.size, info.mtime = name, len(data), int(time.time())
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def save_tiny_model(folder: Path, features: int = 3) -> Path:
    """Save a network that takes images of any size and is compiled in no time, and return its folder."""
    import tensorflow as tf

    kernel = tf.random.stateless_normal((3, features), (1, 2))

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)])
    def serve(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": tf.reduce_mean(images, axis=[1, 2]) @ kernel}

    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_default": serve})
    return folder


def link(target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """Return a member that links to `target`."""
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    return info
