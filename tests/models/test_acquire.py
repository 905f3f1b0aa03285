"""From a name to a model that runs: the hub route for real, against a server on this machine."""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import MAIN, MAIN_PATH, SAMPLES, Answer, HubServer
from in_this_process import InThisProcess
from stored_models import manifest, publish

from mobilenet_cli import Classifier, ModelWarning
from mobilenet_cli.errors import InputError, ModelError, StoreError, UnavailableError
from mobilenet_cli.models import store, unavailable
from mobilenet_cli.models.acquire import acquire
from mobilenet_cli.models.origin import origin_of
from mobilenet_cli.models.sources import hub as hub_source


@pytest.fixture
def mirror(hub: HubServer, monkeypatch: pytest.MonkeyPatch, mobilenet_archive: bytes) -> HubServer:
    """A hub that has the main model."""
    monkeypatch.setenv("MNCLASSIFY_HUB_URL", hub.url)
    hub.answers[MAIN_PATH] = Answer(mobilenet_archive)
    return hub


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    monkeypatch.setattr("mobilenet_cli.models.sources.http.report_progress", lambda *_: None)
    monkeypatch.setenv("TFHUB_CACHE_DIR", "")  # restored at the end: `download` sets it for its own process


@pytest.mark.slow
def test_the_hub_route(mirror, mobilenet_saved_model):
    told: list[tuple[str, int | None, int | None]] = []
    model = acquire(MAIN, progress=lambda *what: told.append(what))
    assert (model.name, model.engine, model.image_size) == (MAIN, "litert", 128)
    assert model.network.source == mirror.url + MAIN_PATH
    assert store.problems(MAIN) == []
    assert any("tf-hub-format=compressed" in request for request in mirror.requests)
    done = [done for _, done, total in told if done and total == len(mirror.answers[MAIN_PATH].body)]
    assert done == sorted(done)
    assert done[-1] == len(mirror.answers[MAIN_PATH].body)

    # What runs is what was served.
    from mobilenet_cli.engines.savedmodel import SavedModelEngine

    images = np.random.default_rng(3).random((2, 128, 128, 3), dtype=np.float32)
    reference = SavedModelEngine(mobilenet_saved_model, 128).session()(images)
    np.testing.assert_allclose(model.open_engine().session()(images), reference, atol=1e-3)

    # The second time nothing is asked, and "auto" is this model.
    mirror.requests.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in (MAIN, "auto", mirror.url + MAIN_PATH):
            assert acquire(name).manifest == model.manifest
    assert mirror.requests == []

    # Another size is compiled once more, from what is in the store.
    other = acquire(MAIN, image_size=96)
    assert set(other.network.compiled) == {"128", "96"}
    assert other.open_engine().session()(np.zeros((1, 96, 96, 3), np.float32)).shape == (1, 1001)
    assert store.problems(MAIN) == []
    assert mirror.requests == []


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_the_users_own_hub_cache_is_honoured(mirror, monkeypatch, tmp_path):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "hub-cache"))
    for folder in ("first", "second"):  # the second comes out of the cache
        hub_source.download(mirror.url + MAIN_PATH, str(tmp_path / folder))
        assert (tmp_path / folder / "saved_model.pb").is_file()
    assert list((tmp_path / "hub-cache").glob("*/saved_model.pb"))
    assert len(mirror.requests) == 1
    (source,) = [source for source in origin_of(MAIN).sources if source.title == "TF Hub"]
    assert source.question("classification") is None
    assert source.question("feature_vector") is not None


def test_auto_takes_the_embedded_model_with_one_warning_and_remembers_why(monkeypatch, embedded_home, hub):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    monkeypatch.setenv("MNCLASSIFY_HUB_URL", hub.url)
    for _ in range(2):
        with pytest.warns(ModelWarning) as told:
            assert acquire("auto").name == "efficientnet_lite0"
        assert len(told) == 1
        assert "mobilenet_v1_100_128 is unavailable (TF Hub: HTTP 404 Not Found" in str(told[0].message)
    assert len(hub.requests) == 1  # not asked again at each start …
    with pytest.raises(UnavailableError):
        acquire(MAIN)  # … but whoever names the model has it asked for
    assert len(hub.requests) == 2


def test_what_is_remembered_ends_with_the_hour_and_with_another_hub(monkeypatch):
    origin = origin_of(MAIN)
    unavailable.remember(origin, "classification", "no network")
    assert unavailable.remembered(origin, "classification") == "no network"
    assert unavailable.remembered(origin, "feature_vector") is None
    later = time.time() + 3601
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        assert unavailable.remembered(origin, "classification") is None
    monkeypatch.setenv("MNCLASSIFY_HUB_URL", "http://mirror.example")
    assert unavailable.remembered(origin_of(MAIN), "classification") is None


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_a_local_savedmodel_runs_where_it_is(mobilenet_saved_model: Path):
    model = acquire(str(mobilenet_saved_model))
    assert (model.name, model.engine) == (str(mobilenet_saved_model), "litert")
    assert model.network.saved_model == str(mobilenet_saved_model.resolve())
    in_tensorflow = acquire(str(mobilenet_saved_model), engine="tensorflow")
    images = np.random.default_rng(4).random((2, 128, 128, 3), dtype=np.float32)
    np.testing.assert_allclose(
        model.open_engine().session()(images), in_tensorflow.open_engine().session()(images), atol=1e-3
    )


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_a_model_that_does_not_compile_runs_in_tensorflow_with_a_warning(tmp_path):
    import tensorflow as tf

    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)])
    def serve(images):
        return {"logits": tf.math.digamma(tf.reduce_mean(images, axis=[1, 2]) + 1)}

    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": serve})
    (tmp_path / "m" / "assets").mkdir(exist_ok=True)
    (tmp_path / "m" / "assets" / "labels.txt").write_text("red\ngreen\nblue\n")
    with pytest.warns(ModelWarning, match="runs in TensorFlow"):
        classifier = Classifier(tmp_path / "m")
    (result,) = classifier.classify([SAMPLES / "cat.jpg"])
    assert {each.label for each in result.predictions} == {"red", "green", "blue"}
    with pytest.raises(ModelError, match="--engine tensorflow"):
        acquire(str(tmp_path / "m"), engine="litert")


def test_an_image_size_out_of_range_is_refused():
    with pytest.raises(InputError, match="out of range: 32 to 1024"):
        acquire("efficientnet_lite0", image_size=8)


@pytest.fixture
def read_only_store(unprivileged: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store with one model, `tiny`, compiled for 32 pixels, in which nothing can be written."""
    home = unprivileged / "home"
    monkeypatch.setenv("MNCLASSIFY_HOME", str(home))
    publish()
    shutil.rmtree(home / "locks")
    shutil.rmtree(home / "staging")
    shutil.copytree(store.folder_of("tiny"), store.folder_of("efficientnet_lite0"))
    replace(manifest("efficientnet_lite0"), files=store.find("tiny").files).write(store.folder_of("efficientnet_lite0"))
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    yield home
    for folder in folders:
        folder.chmod(0o700)


def test_what_a_read_only_store_has_is_used_without_a_lock(read_only_store):
    assert acquire("tiny").image_size == 32
    with pytest.warns(ModelWarning, match="cannot write to the model store"):
        assert acquire("auto").name == "efficientnet_lite0"
    assert [path.name for path in read_only_store.iterdir()] == ["models"]
    with pytest.raises(StoreError, match="MNCLASSIFY_HOME"):
        acquire("tiny", image_size=64)
    with pytest.raises(StoreError, match="MNCLASSIFY_HOME"):
        acquire("auto", kind="feature_vector")


@pytest.mark.parametrize("name", ["~no-such-user/model", "x" * 300, "x" * 255])
def test_what_can_be_no_path_is_an_unknown_name(name):
    with pytest.raises(ModelError, match="no model is called"):
        acquire(name)


def test_a_path_that_may_not_be_looked_at_is_told_so(unprivileged, monkeypatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(unprivileged / "home"))
    (unprivileged / "secret").mkdir()
    (unprivileged / "secret" / "model.tflite").write_bytes(b"x")
    (unprivileged / "secret").chmod(0)
    with pytest.raises(ModelError, match=r"no model is called .*secret/model.tflite.* Permission denied"):
        acquire(str(unprivileged / "secret" / "model.tflite"))
