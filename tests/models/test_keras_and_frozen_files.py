"""Keras files, Teachable Machine's exports and frozen graphs: their own numbers, or a refusal."""

from __future__ import annotations

import shutil
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from in_this_process import InThisProcess
from test_network_input import SIZE, compiled, expected, light, two

from mobilenet_cli import Classifier, ModelWarning
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


def test_layers_before_the_rescaling_do_not_hide_it(tmp_path):
    import keras

    layers = keras.layers
    first = {
        "augmentation": [layers.RandomFlip(), layers.RandomRotation(0.1), layers.Rescaling(1 / 127.5, offset=-1)],
        "normalization": [layers.Normalization(mean=[127.5] * 3, variance=[127.5**2] * 3)],
        "resizing": [layers.Resizing(16, 16), layers.Rescaling(1 / 255), layers.Rescaling(2, offset=-1)],
    }
    for name, those in first.items():
        network(keras, *those).save(str(tmp_path / f"{name}.keras"))
        with warnings.catch_warnings():
            warnings.simplefilter("error", ModelWarning)
            assert light(tmp_path / f"{name}.keras", 160) == pytest.approx(expected(160), abs=1e-4), name


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_lambda_layer_runs_only_where_the_model_is_trusted(tmp_path, name):
    import keras

    behind = keras.layers.Lambda(lambda images: images / 127.5 - 1, output_shape=(SIZE, SIZE, 3), name="mine")
    network(keras, behind).save(str(tmp_path / name))
    with pytest.raises(ModelError, match=r"a Lambda layer 'mine', which is Python code of .*: --trust-model runs it"):
        Classifier(tmp_path / name)
    assert light(tmp_path / name, 160, trust_model=True) == pytest.approx(expected(160), abs=1e-4)


def test_nothing_but_lambda_layers_is_trusted(tmp_path):
    import keras

    network(keras).save(str(tmp_path / "m.keras"))
    with zipfile.ZipFile(tmp_path / "m.keras") as whole, zipfile.ZipFile(tmp_path / "other.keras", "w") as other:
        for member in whole.namelist():
            content = whole.read(member)
            if member == "config.json":
                content = content.replace(b'"keras.layers"', b'"antigravity"')
            other.writestr(member, content)
    with pytest.raises(ModelError, match="needs the module 'antigravity', which is not Keras' own"):
        Classifier(tmp_path / "other.keras", trust_model=True)


def test_a_network_on_a_known_one_takes_its_numbers_with_a_warning_where_trying_shows_none(tmp_path):
    import keras

    inner = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), keras.layers.AveragePooling2D(2)], name="mobilenetv2_1.00_224"
    )
    layers = [inner, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), *layers])
    model.layers[-1].set_weights([np.zeros((3, 2), np.float32), np.array([0, 1], np.float32)])
    model.save(str(tmp_path / "m.keras"))
    with pytest.warns(ModelWarning, match="begins with Keras' mobilenetv2_1.00_224, which as a rule takes −1 to 1"):
        assert Classifier(tmp_path / "m.keras").model.network.input == SIGNED


@pytest.mark.parametrize("is_zip", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", ["keras_model.h5", "model_unquant.tflite", "model.tflite"])
def test_a_teachable_machine_takes_signed_numbers_and_has_labels(tmp_path, name, is_zip):
    import keras

    export = tmp_path / "export"
    export.mkdir()
    if name == "keras_model.h5":
        network(keras).save(str(export / name))
    else:
        compiled(export / name, two, quantised=(-1, 1) if name == "model.tflite" else None)
    (export / "labels.txt").write_text("0 dark\n1 light\n")
    if is_zip:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for file in export.iterdir():
                archive.write(file, file.name)
        shutil.rmtree(export)
        export = tmp_path / "export.zip"
    allowed = 0.03 if name == "model.tflite" else 1e-4
    assert light(export, 160) == pytest.approx(expected(160), abs=allowed)
    assert [each.label for each in Classifier(export).labels] == ["dark", "light"]


def test_an_archive_of_several_models_names_them(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for name in ("a.tflite", "b/c.tflite"):
            archive.writestr(name, b"x")
    with pytest.raises(ModelError, match=r"holds several models or lists of labels: a\.tflite, b/c\.tflite"):
        Classifier(tmp_path / "m.zip")


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


def test_a_known_form_behind_a_rescaling_takes_what_that_takes(tmp_path):
    import tensorflow as tf

    def mobilenet(images):
        with tf.name_scope("MobilenetV1/"):
            return two(images)

    with warnings.catch_warnings():
        warnings.simplefilter("error", ModelWarning)
        assert light(frozen(tmp_path / "a.pb", mobilenet), 160) == pytest.approx(expected(160), abs=1e-4)
        file = frozen(tmp_path / "b.pb", lambda images: mobilenet(images / 127.5 - 1))
        assert light(file, 160) == pytest.approx(expected(160), abs=1e-4)


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
