"""Fixtures that many tests share: stores, a hub on this machine, and the models that it serves."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from coverage import CoverageData
from coverage.exceptions import CoverageException
from filelock import FileLock

if TYPE_CHECKING:
    from page_reader import Reader
    from playwright.sync_api import Browser
    from web_server import WebServer

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_images"
SHARED = ROOT.parent / "shared"
"""Data that is not part of the project: a test that needs it skips where it is missing."""
MAIN = "mobilenet_v1_100_128"
MAIN_PATH = f"/google/imagenet/{MAIN}/classification/4"

# A shell that starts the tests in the background has them ignore Ctrl-C, and so the commands that they interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Before anything imports TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# For `make fuzz`: pytest --hypothesis-profile fuzz.
hypothesis.settings.register_profile("fuzz", max_examples=5000)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that kill runs kill them more often."""
    parser.addoption("--kills", type=int, metavar="N", help="kill each run that a test kills at random moments N times")


@pytest.fixture(scope="session")
def kills(pytestconfig: pytest.Config) -> int | None:
    """How often to kill a run, or None: as often as the test does usually."""
    count: int | None = pytestconfig.getoption("--kills")
    return count


@pytest.hookimpl(wrapper=True, trylast=True)  # innermost: before pytest-cov combines the files
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Discard what processes that a test killed had written of their coverage: half a file fails the whole run."""
    result = yield
    if not hasattr(session.config, "workerinput"):
        for path in session.config.rootpath.glob(".coverage.*"):
            try:
                CoverageData(no_disk=True).update(CoverageData(str(path)))
            except (CoverageException, sqlite3.Error):
                path.unlink()
    return result


@dataclass(frozen=True)
class Answer:
    """What the hub of the tests answers at a path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # bytes after which the connection is dropped


class HubServer:
    """An HTTP server on 127.0.0.1 that answers from a table and remembers what it was asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                hub.requests.append(self.path)
                answer = hub.answers.get(path, Answer(status=404))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut_after])

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def _own_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a store of its own and model servers that refuse connections, whatever the user has set."""
    for name in ("MODEL", "OFFLINE", "INSECURE", "MAX_MODEL_BYTES", "MODEL_SECONDS"):
        monkeypatch.delenv(f"MNCLASSIFY_{name}", raising=False)
    for name in ("TFHUB_CACHE_DIR", "KAGGLEHUB_CACHE", "COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("HUB", "KAGGLE", "SLIM"):
        monkeypatch.setenv(f"MNCLASSIFY_{name}_URL", "http://127.0.0.1:9")


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of a user who is not root, as whom the test runs: file permissions mean nothing to root."""
    nobody = 65534
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        if is_root:
            os.chown(folder, nobody, nobody)
            os.seteuid(nobody)
        try:
            yield Path(folder)
        finally:
            if is_root:
                os.seteuid(0)


@pytest.fixture
def limit_pixels() -> Iterator[Callable[[int], None]]:
    """Sets how many pixels an image may have, in this thread."""
    from mobilenet_cli.images.allowance import Guard, keep_to

    yield lambda most: keep_to(Guard(most))
    keep_to(Guard())


@pytest.fixture
def hub() -> Iterator[HubServer]:
    server = HubServer()
    yield server
    server.close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    from web_server import serving

    with serving() as server:
        yield server


@pytest.fixture
def new_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Object stores that are new, since they keep the settings that they were made with, and that soon try again."""
    from mobilenet_cli.remote import object_stores, retries

    monkeypatch.setattr(retries, "PAUSES", (0.01, 0.01))
    object_stores._stores.clear()
    yield
    object_stores._stores.clear()


@pytest.fixture(scope="session")
def mobilenet_saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MobileNet V1 1.0 for 1001 classes with seeded weights, saved with the hub's interface."""
    from mobilenet_cli.in_tensorflow import hub_module
    from mobilenet_cli.in_tensorflow.networks.mobilenet_v1 import MobilenetV1

    folder = tmp_path_factory.mktemp("mobilenet") / "saved_model"
    hub_module.save(MobilenetV1(1.0, 1001, seed=7), folder, "classification")
    return folder


@pytest.fixture(scope="session")
def mobilenet_archive(mobilenet_saved_model: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same as TF Hub serves it: a gzipped tar of the SavedModel's content."""
    file = tmp_path_factory.mktemp("archive") / "model.tar.gz"
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        archive.add(mobilenet_saved_model, arcname=".")
    return file.read_bytes()


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A store that holds the embedded model, compiled by the command itself, once for all of pytest-xdist's workers."""
    folder = tmp_path_factory.getbasetemp()
    home = (folder if worker_id == "master" else folder.parent) / "embedded-home"
    with FileLock(f"{home}.lock"):
        if not home.exists():
            made = home.with_name("embedded-home-in-the-making")
            done = run_command(
                "-m", "efficientnet_lite0", str(SAMPLES / "cat.jpg"), env={"MNCLASSIFY_HOME": str(made)}, timeout=300
            )
            assert done.returncode == 0, done.stderr
            made.rename(home)
    return home


Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run_command(
    *arguments: str, env: dict[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """Run the installed `mnclassify` and return what it printed."""
    command = Path(sys.executable).with_name("mnclassify")
    settings: dict[str, object] = {"capture_output": True, "text": True, "timeout": 120, "stdin": subprocess.DEVNULL}
    if "input" in options:
        del settings["stdin"]
    return subprocess.run([str(command), *arguments], env=os.environ | (env or {}), **(settings | options))


@pytest.fixture
def mnclassify(embedded_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The installed command, with the embedded model already in the store."""
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    return run_command


@pytest.fixture(scope="session")
def shared_images() -> Path:
    """200 photographs of ImageNet classes beside the repository, named WNID_name.JPEG."""
    folder = SHARED / "images"
    if not folder.is_dir():
        pytest.skip("needs the photographs in ../shared/images, which are no part of the project")
    return folder


def program(name: str) -> str:
    """Return the path of a program; where it is missing, skip the test, or in CI, which installs it, fail."""
    if (path := shutil.which(name)) is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: .ci/run installs it")
    pytest.skip(f"needs the program {name}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium: one for all tests of a process, which is all that Playwright allows."""
    path = program("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def reader(browser: Browser) -> Iterator[Reader]:
    """Opens pages, which must not complain."""
    from page_reader import Reader

    watching = Reader(browser, [])
    yield watching
    for context in browser.contexts:
        context.close()
    assert watching.complaints == []
