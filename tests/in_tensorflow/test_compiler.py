"""Compiling real SavedModels, and refusing those that LiteRT would run wrongly or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mobilenet_cli.engines import loading
from mobilenet_cli.engines.check import BOUND
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.savedmodel import SavedModelEngine
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.compiler import compile_model

pytestmark = pytest.mark.slow


def save(folder: Path, function, size: int | None = None) -> Path:
    """Save a function of images as a SavedModel with one signature of images of `size`."""
    import tensorflow as tf

    module = tf.Module()
    spec = tf.TensorSpec([None, size, size, 3], tf.float32, name="images")
    module.serve = tf.function(function, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
    return folder


def channels(images):
    import tensorflow as tf

    return {"logits": tf.reduce_mean(images, axis=[1, 2]) * 10}


def test_the_true_network_compiles_and_agrees_with_its_savedmodel(mobilenet_saved_model, tmp_path):
    made = compile_model(mobilenet_saved_model, tmp_path, ".tflite", None, 128)
    assert (made.image_size, made.width, made.output) == (128, 1001, "logits")
    assert made.failure is None
    assert made.difference < BOUND / 10
    batch = np.random.default_rng(1).random((3, 128, 128, 3), dtype=np.float32)
    compiled = LiteRTEngine(tmp_path / made.file).session()
    reference = SavedModelEngine(mobilenet_saved_model, 128).session()
    for size in (3, 1, 2):
        np.testing.assert_allclose(compiled(batch[:size]), reference(batch[:size]), atol=1e-3)


def test_a_size_that_the_signature_is_fixed_to_is_found(tmp_path):
    model = save(tmp_path / "model", channels, 40)
    made = compile_model(model, tmp_path, ".tflite", None, 128)
    assert (made.image_size, made.file) == (40, "40.tflite")
    with pytest.raises(ModelError, match=r"\[N, 64, 64, 3\]"):
        compile_model(model, tmp_path, ".tflite", 64, 128)


def test_probabilities_are_told_from_logits(tmp_path):
    import tensorflow as tf

    model = save(tmp_path / "model", lambda images: {"p": tf.nn.softmax(channels(images)["logits"])})
    assert compile_model(model, tmp_path, ".tflite", None, 32).output == "probabilities"


def test_a_compiled_model_that_differs_is_refused_and_by_how_much_is_told(tmp_path):
    import tensorflow as tf

    # Random at each call: what is compiled can't give what the SavedModel gave.
    model = save(tmp_path / "model", lambda images: {"logits": tf.random.uniform([tf.shape(images)[0], 3]) * 5})
    made = compile_model(model, tmp_path, ".tflite", None, 32)
    assert made.file is None
    assert "differs" in made.failure or "no counterpart" in made.failure
    assert list(tmp_path.glob("*.tflite*")) == []


def test_an_operation_that_litert_lacks_is_a_failure_in_words(tmp_path):
    import tensorflow as tf

    def digamma(images):
        return {"logits": tf.math.digamma(tf.reduce_mean(images, axis=[1, 2]) + 1)}

    made = compile_model(save(tmp_path / "model", digamma), tmp_path, ".tflite", None, 32)
    assert made.file is None
    assert "LiteRT" in made.failure
    assert made.width == 3


def test_what_is_no_classifier_of_images_is_refused(tmp_path):
    import tensorflow as tf

    model = save(tmp_path / "model", lambda images: {"map": tf.nn.relu(images)})
    with pytest.raises(ModelError, match="does not classify"):
        compile_model(model, tmp_path, ".tflite", None, 32)


def test_a_folder_without_or_with_a_damaged_savedmodel_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"no saved_model\.pb"):
        loading.load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="cannot load"):
        loading.load(tmp_path)


def test_litert_refuses_a_file_that_is_no_model(tmp_path):
    (tmp_path / "x.tflite").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="LiteRT cannot run"):
        LiteRTEngine(tmp_path / "x.tflite").session()
