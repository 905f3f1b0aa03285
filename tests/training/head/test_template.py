"""The networks that a new head makes: as a SavedModel, compiled, and as a page's curve."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
from model_server import save_tiny_model

from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.errors import ModelError
from mobilenet_cli.tensorflow_files.compiled_head import with_head
from mobilenet_cli.tensorflow_files.summaries import Summaries
from mobilenet_cli.training.curve import Chart, Series, training_page
from mobilenet_cli.training.head import template

WIDTH = 3  # of the tiny model's output
IMAGES = np.random.default_rng(0).random((2, 40, 40, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that can only be called by its signature."""
    return save_tiny_model(tmp_path_factory.mktemp("signed") / "saved_model")


@pytest.fixture(scope="module")
def reusable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of the hub's interface, with a variable and a loss."""
    from mobilenet_cli.in_tensorflow import hub_module

    folder = tmp_path_factory.mktemp("reusable") / "saved_model"
    scale = tf.Variable([1.0, 2.0, 3.0], name="scale")

    def forward(inputs, training, momentum):
        return tf.reduce_mean(inputs, axis=[1, 2]) * scale

    hub_module.save_function(
        forward,
        folder,
        "feature_vector",
        variables=[scale],
        trainable_variables=[scale],
        regularization_losses=[lambda: tf.reduce_sum(scale)],
    )
    return folder


@pytest.fixture(params=["signed", "reusable"], scope="module")
def network(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def made_template(network: Path, tmp_path_factory: pytest.TempPathFactory) -> template.HeadTemplate:
    folder = tmp_path_factory.mktemp("template")
    template.build(network, folder, 32)
    return template.HeadTemplate(folder)


@pytest.mark.parametrize("classes", [2, 1000])
def test_a_filled_template_is_the_network_and_the_head(
    made_template: template.HeadTemplate, network: Path, tmp_path: Path, classes: int
) -> None:
    random = np.random.default_rng(classes)
    kernel = random.normal(size=(WIDTH, classes)).astype(np.float32)
    bias = random.normal(size=classes).astype(np.float32)
    made_template.fill_in(tmp_path / "made", kernel, bias)
    base, made = tf.saved_model.load(str(network)), tf.saved_model.load(str(tmp_path / "made"))
    (features,) = base.signatures["serving_default"](tf.constant(IMAGES)).values()
    expected = features.numpy() @ kernel + bias
    np.testing.assert_allclose(made(tf.constant(IMAGES)).numpy(), expected, rtol=1e-4, atol=1e-4)
    served = made.signatures["serving_default"](tf.constant(IMAGES))["logits"]
    np.testing.assert_allclose(served.numpy(), expected, rtol=1e-4, atol=1e-4)
    layer = hub.KerasLayer(str(tmp_path / "made"), trainable=True)
    shapes = [tuple(weight.shape) for weight in layer.trainable_weights]
    assert shapes == [
        *(tuple(each.shape) for each in getattr(base, "trainable_variables", [])),
        kernel.shape,
        bias.shape,
    ]
    assert len(layer.losses) == len(getattr(base, "regularization_losses", []))


def test_a_template_is_taken_from_the_store(made_template: template.HeadTemplate, network: Path) -> None:
    stored = Path(os.environ["MNCLASSIFY_HOME"], "heads", "v1-key-32")
    shutil.copytree(made_template.folder, stored)

    def fail(*_: object) -> None:
        raise AssertionError

    assert template.head_template("key", network, 32, fail).folder == stored
    assert made_template.expected_features().shape == (4, WIDTH)
    (stored / "facts.json").write_text('{"classes": 5}')
    with pytest.raises(ModelError, match="damaged"):
        template.HeadTemplate(stored).fill_in(stored / "x", np.ones((WIDTH, 2), "f"), np.ones(2, "f"))


def test_a_compiled_network_with_a_head_gives_what_numpy_gives(tmp_path: Path) -> None:
    function = tf.function(lambda images: tf.nn.relu(tf.reduce_mean(images, axis=[1, 2]) - 0.45))
    concrete = function.get_concrete_function(tf.TensorSpec([None, 40, 40, 3], tf.float32))
    compiled = tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()
    random = np.random.default_rng(1)
    kernel, bias = random.normal(size=(3, 7)).astype(np.float32), random.normal(size=7).astype(np.float32)
    (tmp_path / "m.tflite").write_bytes(with_head(compiled, kernel, bias))
    features = np.maximum(IMAGES.mean(axis=(1, 2)) - 0.45, 0)
    session = LiteRTEngine(tmp_path / "m.tflite").session()
    np.testing.assert_allclose(session(IMAGES), features @ kernel + bias, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(session(IMAGES[:1]), features[:1] @ kernel + bias, rtol=1e-4, atol=1e-4)
    with pytest.raises(ModelError, match="4 features"):
        with_head(compiled, np.zeros((4, 7), np.float32), bias)


def test_tensorboard_reads_the_summaries(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    summaries = Summaries(str(tmp_path))
    for step, (loss, accuracy) in enumerate([(0.5, 0.75), (0.25, 1.0)]):
        summaries.add("validation", step, {"loss": loss, "accuracy": accuracy})
    events = EventAccumulator(str(tmp_path / "validation")).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(0, 0.5), (1, 0.25)]
    assert [event.value for event in events.Scalars("accuracy")] == [0.75, 1.0]


def test_a_curve_has_every_number_and_escapes_names() -> None:
    lines = (Series("validation", (0.5, None, 0.25)), Series("<b>", (0.125, 0.0625, 1.0)))
    page = training_page("<i>", [("Base", "<script>")], [Chart("Loss", "epoch", ("1", "2", "3"), lines, "number", 2)])
    for number in ("0.500", "0.250", "0.125", "0.062", "1.000", "–"):
        assert f">{number}<" in page
    assert "<script>" not in page
    assert "<b>" not in page
    assert page.count("<polyline") == 2
    assert page.count("<circle") == 5


@pytest.mark.parametrize(
    ("validation", "classes", "names"),
    [
        ((0.5, 0.25), ['class="line first"', 'class="line"'], ["validation", "training"]),  # both the same
        ((None, None), ['class="line"'], ["training"]),
    ],
)
def test_a_curve_draws_the_validation_as_the_first_and_names_what_there_is(
    validation: tuple[float | None, ...], classes: list[str], names: list[str]
) -> None:
    lines = (Series("validation", validation), Series("training", (0.5, 0.25)))
    charts = [Chart("Loss", "epoch", ("1", "2"), lines, "number", 1), Chart("b", "x", ("1", "2"), lines, "percent", 1)]
    page = training_page("t", [], charts)
    assert re.findall(r'<polyline (class="[^"]*")', page) == classes * 2
    assert re.findall(r'<text class="name"[^>]*>(\w+)<', page) == names * 2
