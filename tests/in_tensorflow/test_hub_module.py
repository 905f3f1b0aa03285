"""What is saved is used as TensorFlow Hub's own modules are: through hub.load and hub.KerasLayer."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras

from mobilenet_cli.in_tensorflow import hub_module
from mobilenet_cli.in_tensorflow.networks.mobilenet_v1 import MobilenetV1

FIRST_KERNEL = "MobilenetV1/Conv2d_0/weights:0"
FIRST_MEAN = "MobilenetV1/Conv2d_0/BatchNorm/moving_mean:0"
FIRST_VARIANCE = "MobilenetV1/Conv2d_0/BatchNorm/moving_variance:0"


@pytest.fixture(scope="module")
def network() -> MobilenetV1:
    return MobilenetV1(0.25, seed=3)


@pytest.fixture(scope="module")
def classification(network: MobilenetV1, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("saved") / "classification"
    hub_module.save(network, folder, "classification")
    return str(folder)


@pytest.fixture(scope="module")
def feature_vector(network: MobilenetV1, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("saved") / "feature_vector"
    hub_module.save(network, folder, "feature_vector")
    return str(folder)


@pytest.fixture(scope="module")
def fine_tuned(classification: str) -> tf_keras.Model:
    """One trainable model for the tests that do not mind another's training step."""
    return keras_model(classification, trainable=True)


def images(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(size).random((count, size, size, 3), np.float32)


def keras_model(folder: str, **options: object) -> tf_keras.Model:
    model = tf_keras.Sequential([hub.KerasLayer(folder, **options)])
    model.build([None, 128, 128, 3])
    return model


def value(model: tf_keras.Model, name: str) -> np.ndarray:
    (variable,) = [variable for variable in model.variables if variable.name == name]
    return variable.numpy()


def test_the_models_web_page_example_runs(network: MobilenetV1, classification: str) -> None:
    model = keras_model(classification)
    assert model.output_shape == (None, 1001)
    batch = images(2, 128)
    np.testing.assert_allclose(model(batch), network.logits(batch), atol=1e-4)
    assert model.trainable_variables == []


def test_other_image_sizes_run(network: MobilenetV1, classification: str) -> None:
    module = hub.load(classification)
    for size in (96, 160, 256):
        batch = images(1, size)
        np.testing.assert_allclose(module(batch), network.logits(batch), atol=1e-4)


def test_serving_default_is_named_as_the_hubs(classification: str, feature_vector: str) -> None:
    batch = images(2, 96)
    for folder, name, width in ((classification, "logits", 1001), (feature_vector, "feature_vector", 256)):
        module = hub.load(folder)
        outputs = module.signatures["serving_default"](inputs=tf.constant(batch))
        assert list(outputs) == [name]
        assert outputs[name].shape == (2, width)
        np.testing.assert_allclose(outputs[name], module(batch), atol=1e-4)


def test_the_feature_vector_is_what_the_classifier_sees(
    network: MobilenetV1, classification: str, feature_vector: str
) -> None:
    batch = images(2, 128)
    kernel = network.classifier.kernel.numpy()[0, 0]
    logits = keras_model(feature_vector)(batch).numpy() @ kernel + network.classifier.bias.numpy()
    np.testing.assert_allclose(logits, keras_model(classification)(batch), atol=1e-4)


def test_trainable_has_exactly_the_trainable_variables(fine_tuned: tf_keras.Model, feature_vector: str) -> None:
    # 27 convolutions with gamma and beta; the classifier has two more.
    other = keras_model(feature_vector, trainable=True)
    for model, trainable in ((fine_tuned, 27 * 3 + 2), (other, 27 * 3)):
        assert len(model.trainable_variables) == trainable
        assert {variable.name.rpartition("/")[2] for variable in model.non_trainable_variables} == {
            "moving_mean:0",
            "moving_variance:0",
        }
        assert len(model.non_trainable_variables) == 27 * 2


@pytest.mark.parametrize(("arguments", "momentum"), [({}, 0.99), ({"batch_norm_momentum": 0.997}, 0.997)])
def test_one_training_step_moves_the_averages_by_the_momentum(
    classification: str, arguments: dict[str, float], momentum: float
) -> None:
    model = keras_model(classification, trainable=True, arguments=arguments)
    batch = images(4, 128) ** 2  # dark, so that the mean is far from 0
    before = value(model, FIRST_MEAN), value(model, FIRST_VARIANCE)
    activations = tf.nn.conv2d(batch * 2 - 1, value(model, FIRST_KERNEL), 2, "SAME").numpy().astype(np.float64)
    statistics = activations.mean((0, 1, 2)), activations.var((0, 1, 2), ddof=1)
    model(batch, training=True)
    after = value(model, FIRST_MEAN), value(model, FIRST_VARIANCE)
    for moved, old, new in zip(after, before, statistics, strict=True):
        np.testing.assert_allclose(moved, old * momentum + new * (1 - momentum), rtol=1e-5, atol=1e-7)
        assert np.abs(moved - old).max() > 1e-4


def test_inference_leaves_the_averages_alone(classification: str, fine_tuned: tf_keras.Model) -> None:
    batch = images(2, 96)
    for model, training in (
        (fine_tuned, False),
        (keras_model(classification, trainable=False), True),
    ):
        before = value(model, FIRST_MEAN)
        model(batch, training=training)
        np.testing.assert_array_equal(value(model, FIRST_MEAN), before)


def test_any_momentum_can_be_passed(classification: str) -> None:
    module = hub.load(classification)
    for momentum in (0.25, 1, np.float32(0.5), tf.constant(0.75)):
        assert module(images(2, 96), training=True, batch_norm_momentum=momentum).shape == (2, 1001)


def test_regularization_is_tf_slims_weight_decay(
    network: MobilenetV1, classification: str, feature_vector: str, fine_tuned: tf_keras.Model
) -> None:
    kernels = [layer.kernel.numpy() for layer in network.layers if not layer.depthwise]
    assert len(kernels) == 14
    for model, decayed in (
        (fine_tuned, [*kernels, network.classifier.kernel.numpy()]),
        (keras_model(feature_vector, trainable=True), kernels),
    ):
        expected = 4e-5 * sum(np.square(kernel, dtype=np.float64).sum() / 2 for kernel in decayed)
        assert sum(model.losses).numpy() == pytest.approx(expected, rel=1e-5)
    assert sum(keras_model(classification).losses) == 0


@pytest.mark.slow
def test_fine_tuning_reaches_every_trainable_variable(feature_vector: str) -> None:
    model = tf_keras.Sequential([hub.KerasLayer(feature_vector, trainable=True), tf_keras.layers.Dense(2)])
    model.build([None, 96, 96, 3])
    before = [variable.numpy() for variable in model.trainable_variables]
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.SGD(0.1), loss)
    model.fit(images(8, 96), np.arange(8) % 2, epochs=1, verbose=0)
    unmoved = [
        variable.name
        for variable, old in zip(model.trainable_variables, before, strict=True)
        if np.array_equal(variable.numpy(), old)
    ]
    assert unmoved == []


@pytest.mark.slow
def test_batch_norm_folds_into_the_convolutions_when_compiled(network: MobilenetV1, classification: str) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    module = hub.load(classification)
    function = module.__call__.get_concrete_function(tf.TensorSpec([None, 128, 128, 3], tf.float32))
    model = tf.lite.TFLiteConverter.from_concrete_functions([function], module).convert()
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=plain)
    operations = [operation["op_name"] for operation in interpreter._get_ops_details()]
    convolutions = ["CONV_2D", *["DEPTHWISE_CONV_2D", "CONV_2D"] * 13]
    assert operations == ["MUL", "ADD", *convolutions, "MEAN", "FULLY_CONNECTED"]
