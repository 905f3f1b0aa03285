"""Where models come from: each source for real, against a server on this machine that is good or bad."""

from __future__ import annotations

import hashlib
import inspect
import os
import resource
import signal
import tarfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_this_process import InThisProcess
from model_server import KAGGLE_API, PAGE, SILENCE, ModelServer, Reply, link, save_tiny_model, tar_of
from slim_checkpoints import slim_weights, write

from mobilenet_cli.errors import ProcessError, StoreError, UnavailableError
from mobilenet_cli.in_tensorflow.downloads import http as downloading
from mobilenet_cli.in_tensorflow.downloads import kaggle
from mobilenet_cli.in_tensorflow.networks import slim_checkpoint
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.machine.home import home
from mobilenet_cli.models import registry, store, unavailable
from mobilenet_cli.models.acquire import ModelWarning, acquire
from mobilenet_cli.models.origin import origin_of
from mobilenet_cli.models.sources import http

NAME = "mobilenet_v1_025_128"
HUB_PATH = f"/google/imagenet/{NAME}/classification/4"
SLIM_PATH = "/mobilenet_v1_2018_02_22/mobilenet_v1_0.25_128.tgz"
VARIATION = "025-128-classification"


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as in TF-Slim's archives: a checkpoint, and other files of the same network."""
    folder = tmp_path_factory.mktemp("slim") / "mobilenet_v1_0.25_128"
    write(folder / "mobilenet_v1_0.25_128.ckpt", slim_weights(0.25, 1001, seed=11))
    (folder / "mobilenet_v1_0.25_128_frozen.pb").write_bytes(b"graph")
    (folder / "mobilenet_v1_0.25_128.tflite").write_bytes(b"compiled")
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """TF Hub, Kaggle and TF-Slim in one; it has nothing."""
    server = ModelServer()
    for name in ("HUB", "KAGGLE", "SLIM"):
        monkeypatch.setenv(f"MNCLASSIFY_{name}_URL", server.url)
    for name in ("MNCLASSIFY_OFFLINE", "KAGGLEHUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """What is reported of downloads; the functions of the TensorFlow process are called in this one."""
    reports: list[tuple[str, int, int]] = []
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    for module in (downloading, kaggle):
        monkeypatch.setattr(module, "report_progress", lambda *what: reports.append(what))
    monkeypatch.setenv("TFHUB_CACHE_DIR", "")
    return reports


def publish_checksum(monkeypatch: pytest.MonkeyPatch, archive: bytes | None) -> None:
    """Have the registry know the SHA-256 of this archive, or none."""
    sha256 = hashlib.sha256(archive).hexdigest() if archive is not None else ""
    entry = registry.ENTRIES[NAME]
    *others, slim = entry.sources
    monkeypatch.setitem(registry.ENTRIES, NAME, replace(entry, sources=(*others, replace(slim, sha256=sha256))))


def nothing_left() -> bool:
    return store.names() == [] and not list((home() / "staging").rglob("*"))


def reasons() -> dict[str, str]:
    """Ask for the model in vain and return why each source did not have it."""
    with pytest.raises(UnavailableError) as error:
        acquire(NAME)
    for place in (HUB_PATH, f"tensorFlow2/{VARIATION}/2", SLIM_PATH):
        assert place in str(error.value)
    assert nothing_left()
    found = dict(reason.split(": ", 1) for reason in error.value.reasons)
    assert list(found) == ["TF Hub", "Kaggle Models", "TF-Slim checkpoint"]
    return found


TRUNCATED = tar_of(members={"saved_model.pb": bytes(range(256)) * 400})[:-200]
FAILURES = {
    "forbidden": (Reply(status=403), "HTTP 403 Forbidden"),
    "absent": (Reply(status=404), "HTTP 404 Not Found"),
    "redirected": (Reply(status=302, headers={"Location": "/page"}), "a web page instead of a model, at http"),
    "redirected for ever": (Reply(status=302, headers={"Location": "?"}), "HTTP 302 Found"),
    "no archive": (Reply(b"nonsense" * 100), "not a tar archive"),
    "truncated": (Reply(TRUNCATED), "not a tar archive, or not a whole one"),
    "dropped": (Reply(TRUNCATED, cut_after=100), "ended after 100 of"),
    "other folder": (Reply(tar_of(members={"../evil": b"x"})), "'../evil', which would land outside"),
    "absolute": (Reply(tar_of(members={"/tmp/evil": b"x"})), "'/tmp/evil', which would land outside"),
    "link out": (Reply(tar_of(members={"out": link("../../secret")})), "'out', which would land outside"),
    "hard link out": (Reply(tar_of(members={"h": link("/etc/passwd", tarfile.LNKTYPE)})), "would land outside"),
    "device": (Reply(tar_of(members={"fifo": link("", tarfile.FIFOTYPE)})), "neither file, folder nor link"),
    "empty": (Reply(tar_of(members={"readme": b"hello"})), "holds no"),
    "no SavedModel": (Reply(tar_of(members={"saved_model.pb": b"nonsense"})), "cannot load the SavedModel"),
    "wrong checksum": (Reply(b"x", headers=Reply(b"y").signed().headers), "a wrong checksum: MD5"),
    "wrong MD5": (Reply(b"x", headers=Reply(b"y").signed("Content-MD5").headers), "a wrong checksum: MD5"),
    "silent": (SILENCE, "no answer"),
    "stalled": (Reply(b"x" * 1000, stalls=60), "no answer in time"),
}


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("path", [HUB_PATH, SLIM_PATH])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_bad_source_is_named_with_its_reason_and_leaves_the_store_clean(server, monkeypatch, path, failure):
    monkeypatch.setattr(http, "PROBE_SECONDS", 3.0 if failure == "silent" else 30.0)
    monkeypatch.setattr(downloading, "STALL_SECONDS", 0.3)
    publish_checksum(monkeypatch, None)
    reply, reason = FAILURES[failure]
    server.replies = {path: reply, "/page": PAGE}
    title = "TF Hub" if path == HUB_PATH else "TF-Slim checkpoint"
    found = reasons()
    assert reason in found[title]
    assert all("HTTP 404 Not Found" in other for name, other in found.items() if name != title)


@pytest.mark.usefixtures("told")
def test_an_archive_that_is_not_the_published_one_is_refused(server, monkeypatch, checkpoint):
    publish_checksum(monkeypatch, b"the published one")
    server.replies[SLIM_PATH] = Reply(tar_of(checkpoint))
    assert reasons()["TF-Slim checkpoint"].startswith("a wrong checksum: SHA-256")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("method", "reply", "reason"),
    [
        ("ListModelInstanceVersionFiles", Reply(status=403), "HTTP 403 Forbidden"),
        ("ListModelInstanceVersionFiles", Reply(status=404), "HTTP 404 Not Found"),
        ("ListModelInstanceVersionFiles", PAGE, "a web page instead of a model"),
        ("ListModelInstanceVersionFiles", SILENCE, "no answer in time"),
        ("saved_model.pb", Reply(status=403), "HTTP 403 Forbidden"),
        ("saved_model.pb", PAGE, "cannot load the SavedModel"),
        ("saved_model.pb", Reply(b"x" * 9000, cut_after=100), "the connection broke off"),
        ("saved_model.pb", Reply(b"x", headers=Reply(b"y").signed().headers), "MD5 checksum"),
        ("saved_model.pb", Reply(b"x" * 1000, stalls=60), "the connection broke off"),
        ("../../../../../../../../evil", Reply(b"x"), "'evil', which would land outside of its folder"),
        ("readme", Reply(b"hello"), "holds no SavedModel"),
    ],
)
def test_a_bad_kaggle_likewise(server, monkeypatch, method, reply, reason):
    monkeypatch.setattr(downloading, "STALL_SECONDS", 0.3)
    if method.startswith("List"):
        server.replies[KAGGLE_API + method] = reply
    else:
        server.kaggle_files[VARIATION] = {method: reply}
    assert reason in reasons()["Kaggle Models"]


def test_a_bad_source_is_followed_by_a_good_one(server, told, monkeypatch, tmp_path):
    saved_model = save_tiny_model(tmp_path / "tiny")
    server.replies[HUB_PATH] = Reply(b"nonsense")
    files = [file for file in saved_model.rglob("*") if file.is_file()]
    replies = {file.relative_to(saved_model).as_posix(): Reply(file.read_bytes()).signed() for file in files}
    server.kaggle_files[VARIATION] = replies
    model = acquire(NAME)
    assert model.network.source == f"google/mobilenet-v1/tensorFlow2/{VARIATION}/2 at {server.url}"
    folder = store.folder_of(NAME) / "saved_model"
    for name, reply in replies.items():
        assert (folder / name).read_bytes() == reply.body
    assert store.problems(NAME) == []
    assert not list((home() / "staging").rglob("*"))
    total = sum(len(reply.body) for reply in replies.values())
    assert told[-1] == (f"downloading google/mobilenet-v1/tensorFlow2/{VARIATION}/2", total, total)
    assert not Path("~/.cache/kagglehub").expanduser().exists()


def test_the_users_own_cache_of_kagglehub_is_honoured(server, told, monkeypatch, tmp_path):
    server.kaggle_files[VARIATION] = {"saved_model.pb": Reply(b"x")}
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    for folder in ("first", "second"):  # the second comes out of the cache
        kaggle.download(f"google/mobilenet-v1/tensorFlow2/{VARIATION}/2", server.url, tmp_path / folder)
        assert (tmp_path / folder / "saved_model.pb").is_file()
    assert list((tmp_path / "cache").rglob("saved_model.pb"))
    assert len([request for request in server.requests if request.startswith("/storage")]) == 1
    (source,) = [source for source in origin_of(NAME).sources if source.title == "Kaggle Models"]
    assert source.question("classification") is None
    assert source.question("feature_vector") is not None


@pytest.mark.slow
def test_the_checkpoint_is_the_last_resort(server, told, checkpoint, monkeypatch):
    archive = tar_of(checkpoint)
    publish_checksum(monkeypatch, archive)
    feature_path = HUB_PATH.replace("classification", "feature_vector")
    server.replies = {feature_path: Reply(b"nonsense"), SLIM_PATH: Reply(archive).signed()}
    model = acquire(NAME, kind="feature_vector")
    assert model.network.source == server.url + SLIM_PATH
    assert told[-1] == (f"downloading {server.url}{SLIM_PATH}", len(archive), len(archive))
    assert server.requests.count(SLIM_PATH) == 2  # whether it is there, and then itself
    assert store.problems(NAME) == []
    assert not list((home() / "staging").rglob("*"))
    images = np.random.default_rng(0).random((3, 128, 128, 3), dtype=np.float32)
    expected = slim_checkpoint.load(checkpoint).feature_vector(images).numpy()
    np.testing.assert_allclose(model.open_engine().session()(images), expected, atol=1e-3 * abs(expected).max())


def ask(*questions):
    return list(http.answers(questions))


def test_a_source_is_asked_when_the_ones_before_it_have_said_no(monkeypatch):
    asked = []

    def question(name, answer, seconds=0.0):
        def reply():
            asked.append(name)
            time.sleep(seconds)
            return answer

        return reply

    assert ask(question("a", "no"), None, question("b", None)) == ["no", None, None]
    assert asked == ["a", "b"]
    # Nobody is asked while one delivers …
    answers = http.answers([question("c", None), question("d", None)])
    assert next(answers) is None
    time.sleep(0.1)
    assert asked == ["a", "b", "c"]
    # … but one that is silent does not hold up the others.
    monkeypatch.setattr(http, "HEAD_START", 0.05)
    monkeypatch.setattr(http, "PROBE_SECONDS", 2)
    started = time.monotonic()
    assert ask(*(question(name, None, 9) for name in "efg")) == ["no answer within 2 s"] * 3
    assert time.monotonic() - started < 4  # one after another: 6 s
    assert ask(question("h", None, 0.2), question("i", "no")) == [None, "no"]


def test_no_network_is_found_out_in_five_seconds_whatever_the_servers_do(server, monkeypatch):
    server.default = SILENCE
    started = time.monotonic()
    assert all(reason.startswith("no answer") for reason in reasons().values())
    assert time.monotonic() - started < 6
    for variable in ("HUB", "KAGGLE", "SLIM"):
        monkeypatch.setenv(f"MNCLASSIFY_{variable}_URL", "http://no-such-host.invalid")
    assert all("resolve" in reason or "not known" in reason for reason in reasons().values())


def test_offline_nobody_is_asked(server, monkeypatch, embedded_home):
    for arguments, variable in (({"offline": True}, ""), ({}, "1")):
        monkeypatch.setenv("MNCLASSIFY_OFFLINE", variable)
        with pytest.raises(UnavailableError) as error:
            acquire(NAME, **arguments)
        assert [reason.partition(": ")[2] for reason in error.value.reasons] == ["not asked, to stay offline"] * 3
    assert server.requests == []
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    with pytest.warns(ModelWarning, match="to stay offline"):
        assert acquire("auto").name == "efficientnet_lite0"
    monkeypatch.setenv("MNCLASSIFY_OFFLINE", "0")
    with pytest.warns(ModelWarning, match="HTTP 404"):  # what was not asked is not remembered as unavailable
        acquire("auto")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert acquire("efficientnet_lite0", offline=True).engine == "litert"


def not_asked_any_further(server: ModelServer) -> bool:
    main = origin_of(registry.MAIN)
    slim = main.sources[-1].place.removeprefix(server.url)
    return slim not in server.requests and unavailable.remembered(main, "classification") is None and nothing_left()


def test_a_full_disk_is_no_fault_of_the_source(server):
    server.kaggle_files["100-128-classification"] = {"saved_model.pb": Reply(b"x" * 200_000).signed()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(StoreError, match=r"cannot write to the model store .*MNCLASSIFY_HOME"):
            acquire("auto")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not_asked_any_further(server)


class Dying(TensorFlowProcess):
    """Its child is killed, as by the kernel where memory runs out, before it answers."""

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        os.kill(self._started().pid, signal.SIGKILL)
        return super().call(function, *args, **kwargs)


def test_a_tensorflow_process_that_dies_is_no_fault_of_the_source(server, monkeypatch):
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", Dying)
    with pytest.raises(ProcessError, match="killed by signal 9, out of memory"):
        acquire("auto")
    assert not_asked_any_further(server)


def test_what_is_replaced_in_kagglehub_is_there_and_called_as_we_expect():
    import requests
    from kagglehub import clients, http_resolver
    from kagglesdk import kaggle_http_client

    def parameters(function) -> list[str]:
        return list(inspect.signature(function).parameters)

    assert parameters(kaggle_http_client.get_endpoint) == ["env"]
    assert parameters(requests.Session.send) == ["self", "request", "kwargs"]
    assert parameters(http_resolver.download_file)[:2] == ["response", "out_file"]
    assert {"total", "initial"} <= set(parameters(clients.tqdm.__init__))
