"""MobileNet V1: the published sizes, and the same function as Keras' independent implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from mobilenet_cli.in_tensorflow.networks.mobilenet_v1 import MobilenetV1

# tensorflow/models, research/slim/nets/mobilenet_v1.md: million parameters, then million multiply-adds at
# 224, 192, 160 and 128 pixels.
PUBLISHED = {
    1.0: (4.24, (569, 418, 291, 186)),
    0.75: (2.59, (317, 233, 162, 104)),
    0.5: (1.34, (150, 110, 77, 49)),
    0.25: (0.47, (41, 34, 21, 14)),
}


@pytest.mark.parametrize("multiplier", PUBLISHED)
def test_parameters_are_as_published(multiplier: float) -> None:
    network = MobilenetV1(multiplier)
    # The table counts three of a batch norm's four vectors: beta and the moving averages, but not gamma.
    counted = [variable for variable in network.variables if "gamma" not in variable.name]
    published, _ = PUBLISHED[multiplier]
    assert round(sum(math.prod(variable.shape) for variable in counted) / 1e6, 2) == published
    trainable = sum(math.prod(variable.shape) for variable in network.trainable_variables)
    assert trainable / 1e6 == pytest.approx(published, abs=0.01)


def multiply_adds(network: MobilenetV1, size: int) -> int:
    """Those of one image's logits, summed over the operations of the graph that is traced for its size."""
    images = tf.TensorSpec([1, size, size, 3], tf.float32)
    total = 0
    for operation in tf.function(network.logits).get_concrete_function(images).graph.get_operations():
        if operation.type in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
            kernel, output = operation.inputs[1].shape, operation.outputs[0].shape
            # Each of a kernel's elements is used once a position of the output.
            total += math.prod(kernel) * math.prod(output[1:-1])
    return total


@pytest.mark.parametrize("multiplier", PUBLISHED)
def test_multiply_adds_are_as_published(multiplier: float) -> None:
    network = MobilenetV1(multiplier)
    for size, published in zip((224, 192, 160, 128), PUBLISHED[multiplier][1], strict=True):
        count = multiply_adds(network, size) / 1e6
        if multiplier == 0.75:
            # The table leaves the first layer out of these four; with it they are the paper's (325 at 224).
            count -= (size // 2) ** 2 * 3 * 3 * 3 * 24 / 1e6
        if (multiplier, size) == (0.25, 192):
            # The table's 34 is no multiple of its row: the convolutions grow with the number of pixels.
            published = round(41 * (192 / 224) ** 2)  # noqa: PLW2901
        assert count == pytest.approx(published, abs=0.51)


def test_no_layer_is_thinner_than_8_channels() -> None:
    network = MobilenetV1(0.1, classes=3)
    depths = [layer.kernel.shape[-1] for layer in network.layers if not layer.depthwise]
    assert depths == [8, 8, 12, 12, 25, 25, 51, 51, 51, 51, 51, 51, 102, 102]


def test_the_seed_decides_the_weights() -> None:
    kernels = [MobilenetV1(0.25, 3, seed=seed).layers[5].kernel.numpy() for seed in (1, 1, 2)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


def test_random_weights_keep_the_activations_alive() -> None:
    images = np.random.default_rng(0).random((4, 96, 96, 3), np.float32)
    network = MobilenetV1(0.5)
    features, logits = network.feature_vector(images).numpy(), network.logits(images).numpy()
    assert (features > 0).mean() > 0.3
    assert 0.05 < logits.std() < 20


@pytest.fixture(scope="module")
def keras_model() -> tf_keras.Model:
    """Keras' MobileNet with random weights and random batch-norm statistics."""
    model = tf_keras.applications.MobileNet(
        (96, 96, 3), alpha=0.5, dropout=0.0, weights=None, classes=11, classifier_activation=None
    )
    rng = np.random.default_rng(5)
    for variable in model.variables:
        if "kernel" not in variable.name:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        else:
            fan_in = math.prod(variable.shape[:2]) * (1 if "depthwise" in variable.name else variable.shape[2])
            variable.assign(rng.normal(0, math.sqrt(2 / fan_in), variable.shape))
    return model


def with_weights_of(model: tf_keras.Model) -> MobilenetV1:
    network = MobilenetV1(0.5, classes=11)
    names = ["conv1"] + [f"conv_{kind}_{index}" for index in range(1, 14) for kind in ("dw", "pw")]
    for layer, name in zip(network.layers, names, strict=True):
        layer.kernel.assign(model.get_layer(name).get_weights()[0])
        for ours, theirs in zip(batch_norm_of(layer), model.get_layer(f"{name}_bn").get_weights(), strict=True):
            ours.assign(theirs)
    kernel, bias = model.get_layer("conv_preds").get_weights()
    network.classifier.kernel.assign(kernel)
    network.classifier.bias.assign(bias)
    return network


def batch_norm_of(layer: object) -> list[tf.Variable]:
    return [getattr(layer.batch_norm, name) for name in ("gamma", "beta", "moving_mean", "moving_variance")]


def test_logits_are_those_of_keras(keras_model: tf_keras.Model) -> None:
    images = np.random.default_rng(1).random((3, 96, 96, 3), np.float32)
    expected = keras_model(images * 2 - 1, training=False).numpy()
    actual = with_weights_of(keras_model).logits(images).numpy()
    assert expected.std() > 0.1
    np.testing.assert_allclose(actual, expected, atol=1e-4, rtol=1e-4)


def test_a_training_step_normalises_and_moves_the_averages_as_keras_does(keras_model: tf_keras.Model) -> None:
    images = np.random.default_rng(2).random((4, 96, 96, 3), np.float32)
    before = keras_model.get_weights()
    network = with_weights_of(keras_model)
    expected = keras_model(images * 2 - 1, training=True).numpy()
    actual = network.logits(images, training=True, momentum=0.99).numpy()
    np.testing.assert_allclose(actual, expected, atol=1e-3, rtol=1e-3)
    for index in (1, 7, 13):
        theirs = keras_model.get_layer(f"conv_pw_{index}_bn").get_weights()
        ours = [variable.numpy() for variable in batch_norm_of(network.layers[2 * index])]
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    keras_model.set_weights(before)
