"""What runs in the program's process has its recorded hash, and has been run in another process before."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mutations import mutated

from mobilenet_cli.engines.network_input import UNIT
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import trial as trials
from mobilenet_cli.models import checked, store
from mobilenet_cli.models.acquire import Model, acquire
from mobilenet_cli.models.manifest import Compiled, Manifest, Network

pytestmark = pytest.mark.slow
SIZE = 32


@pytest.fixture(scope="session")
def compiled() -> bytes:
    import tensorflow as tf

    def network(images):
        return tf.reduce_mean(images, [1, 2])[:, :2] * 3

    spec = tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32)
    function = tf.function(network).get_concrete_function(spec)
    content: bytes = tf.lite.TFLiteConverter.from_concrete_functions([function]).convert()
    return content


def described(folder: Path, content: bytes, name: str, labels: str = "dark\nlight\n") -> Manifest:
    (folder / "32.tflite").write_bytes(content)
    (folder / "labels.txt").write_text(labels)
    network = Network("a test", None, 2, "logits", {"32": Compiled("32.tflite")})
    return Manifest(name, "", SIZE, "center", "bilinear", "labels.txt", {"classification": network})


@pytest.fixture
def stored(compiled: bytes) -> Model:
    with store.lock("mine"), store.new_files("mine") as folder:
        store.publish(folder, described(folder, compiled, "mine"))
    return acquire("mine")


@pytest.fixture
def folder(tmp_path: Path, compiled: bytes) -> Path:
    made = tmp_path / "trained"
    made.mkdir()
    replace(described(made, compiled, "trained"), training={}).with_files_of(made).write(made)
    return made


def crafted(folder: Path, content: bytes | None = None, **facts: object) -> None:
    """Change a model's folder with the hashes that fit: as a stranger would."""
    manifest = replace(Manifest.read(folder), files={}, **facts)
    (folder / "manifest.json").unlink()
    if content is not None:
        (folder / "32.tflite").write_bytes(content)
    manifest.with_files_of(folder).write(folder)


def outputs(model: Model) -> np.ndarray:
    return model.open_engine().session()(np.full((1, SIZE, SIZE, 3), 0.5, np.float32))


def changed_in_place(file: Path) -> None:
    """Change a file, and set its size and time back."""
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    content = bytearray(file.read_bytes())
    content[-40] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=times)


def test_a_changed_file_of_the_store_is_refused_with_both_hashes_and_the_ways_out(stored: Model) -> None:
    np.testing.assert_allclose(outputs(stored), [[1.5, 1.5]], atol=1e-6)
    changed_in_place(stored.folder / "32.tflite")
    with pytest.raises(ModelError, match=r"SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}.*verify mine.*models remove"):
        acquire("mine").open_engine()
    assert store.problems("mine") == ["32.tflite has changed since it was stored"]


def test_changed_labels_are_refused(stored: Model) -> None:
    assert [name.label for name in stored.labels()] == ["dark", "light"]
    file = stored.folder / "labels.txt"
    file.write_text("damp\nlight\n")
    with pytest.raises(ModelError, match=r"labels\.txt has changed since it was stored"):
        acquire("mine").labels()


def test_a_changed_file_of_a_trained_folder_is_refused(folder: Path) -> None:
    outputs(acquire(str(folder)))
    changed_in_place(folder / "32.tflite")
    with pytest.raises(ModelError, match=r"trained is damaged: 32\.tflite has changed"):
        acquire(str(folder)).open_engine()


def test_a_changed_file_that_is_used_where_it_is_is_refused(tmp_path: Path, compiled: bytes) -> None:
    file = tmp_path / "network.tflite"
    file.write_bytes(compiled)
    acquire(str(file), network_input=UNIT)
    changed_in_place(file)
    with pytest.raises(ModelError, match=r"network\.tflite has changed since it was first used.*models remove local-"):
        acquire(str(file), network_input=UNIT).open_engine()


def test_a_network_is_tried_in_another_process_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(checked, "_try", lambda trial, name: tried.append(trial.path.name))
    for _ in range(2):
        acquire(str(folder)).open_engine()
    shutil.copytree(folder, folder.with_name("copied"))
    acquire(str(folder.with_name("copied"))).open_engine()
    assert tried == ["32.tflite"]


def test_a_crafted_file_that_crashes_ends_another_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crafted(folder, b"TFL3" * 100)
    with pytest.raises(ModelError, match=r"trained is not run: .*32\.tflite"):
        acquire(str(folder)).open_engine()
    monkeypatch.setenv("MNCLASSIFY_MODEL_SECONDS", "0.01")
    with pytest.raises(ModelError, match=r"stopped after 0\.01 s"):
        acquire(str(folder)).open_engine()


def test_a_manifest_that_misstates_the_width_is_refused(folder: Path) -> None:
    network = Network("a test", None, 3, "logits", {"32": Compiled("32.tflite")})
    crafted(folder, networks={"classification": network})
    with pytest.raises(ModelError, match=r"it puts out \[1, 2\] for 1 images, not \[1, 3\]"):
        acquire(str(folder)).open_engine()


@pytest.mark.parametrize("seed", range(10))
def test_no_damaged_file_in_a_folder_is_run_unseen(folder: Path, compiled: bytes, seed: int) -> None:
    (folder / "32.tflite").write_bytes(mutated(compiled, seed))
    with pytest.raises(ModelError, match="is damaged"):
        acquire(str(folder)).open_engine()


def test_the_child_has_a_trial_of_its_own(folder: Path) -> None:
    trial = trials.Trial(folder / "32.tflite", "litert", SIZE, None, "float32", 2)
    trials.try_network(trial)
    with pytest.raises(ModelError, match="puts out"):
        trials.try_network(replace(trial, width=4))
