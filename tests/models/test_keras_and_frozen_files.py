"""Keras files, Teachable Machine's exports and frozen graphs: their own numbers, or a refusal."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from in_this_process import InThisProcess
from test_network_input import SIZE, compiled, expected, light, two

from mobilenet_cli import Classifier
from mobilenet_cli.engines.network_input import SIGNED
from mobilenet_cli.errors import ModelError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)


def network(library, *first):
    """Return a Keras model that tells dark images from light ones, from −1 to 1 behind the layers `first`."""
    layers = library.layers
    inputs = library.Input((SIZE, SIZE, 3))
    images = inputs
    for layer in first:
        images = layer(images)
    dense = layers.Dense(2, activation="softmax")
    model = library.Model(inputs, dense(layers.GlobalAveragePooling2D()(images)))
    dense.set_weights([np.array([[-2, 2]] * 3, np.float32), np.zeros(2, np.float32)])
    return model


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
@pytest.mark.parametrize("library", ["keras", "tf_keras"])
def test_a_keras_file_keeps_its_rescaling(tmp_path, library, name):
    module = pytest.importorskip(library)
    network(module, module.layers.Rescaling(1 / 127.5, offset=-1)).save(str(tmp_path / name))
    assert light(tmp_path / name, 160) == pytest.approx(expected(160), abs=1e-4)
    network(module).save(str(tmp_path / f"plain_{name}"))
    assert light(tmp_path / f"plain_{name}", 160, network_input=SIGNED) == pytest.approx(expected(160), abs=1e-4)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_lambda_layer_is_not_run(tmp_path, name):
    import keras

    network(keras, keras.layers.Lambda(lambda images: images * 1)).save(str(tmp_path / name))
    with pytest.raises(ModelError, match="a Lambda layer, which is Python code of its author's and is not run"):
        Classifier(tmp_path / name)


@pytest.mark.parametrize("is_zip", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", ["keras_model.h5", "model_unquant.tflite"])
def test_a_teachable_machine_takes_signed_numbers_and_has_labels(tmp_path, name, is_zip):
    import keras

    export = tmp_path / "export"
    export.mkdir()
    if name == "keras_model.h5":
        network(keras).save(str(export / name))
    else:
        compiled(export / name, two)
    (export / "labels.txt").write_text("0 dark\n1 light\n")
    if is_zip:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for file in export.iterdir():
                archive.write(file, file.name)
        shutil.rmtree(export)
        export = tmp_path / "export.zip"
    assert light(export, 160) == pytest.approx(expected(160), abs=1e-4)
    assert [each.label for each in Classifier(export).labels] == ["dark", "light"]


def frozen(file: Path, function) -> Path:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    spec = tf.TensorSpec([1, SIZE, SIZE, 3], tf.float32, name="input")
    concrete = tf.function(lambda input: tf.identity(function(input), name="final_result")).get_concrete_function(spec)
    file.write_bytes(convert_variables_to_constants_v2(concrete).graph.as_graph_def().SerializeToString())
    return file


def test_a_frozen_graph_runs(tmp_path):
    file = frozen(tmp_path / "graph.pb", two)
    for engine in ("litert", "tensorflow"):
        assert light(file, 160, network_input=SIGNED, engine=engine) == pytest.approx(expected(160), abs=1e-4)


def test_a_frozen_graph_that_touches_files_is_refused(tmp_path):
    import tensorflow as tf

    def reading(images):
        text = tf.io.read_file("/etc/hostname")
        return two(images) + tf.cast(tf.strings.length(text), tf.float32) * 0

    with pytest.raises(ModelError, match="has the operation ReadFile, which is no part of a network"):
        Classifier(frozen(tmp_path / "graph.pb", reading), network_input=SIGNED)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.pb", "m.zip"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"is no|it is not a zip archive"):
        Classifier(tmp_path / name)
