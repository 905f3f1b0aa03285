"""float32 → int8: outputs stay near, biases take back what rounding shifts, and what does not bear it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.network_input import BYTES
from mobilenet_cli.errors import ModelError
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow import float_network
from mobilenet_cli.in_tensorflow import to_bfloat16 as rounding
from mobilenet_cli.in_tensorflow.bias_correction import bias_corrections, round_to_bfloat16, round_to_int8
from mobilenet_cli.in_tensorflow.layers_of_file import floats_in, layers_of
from mobilenet_cli.in_tensorflow.quantizer import quantize
from mobilenet_cli.in_tensorflow.to_bfloat16 import round_weights
from mobilenet_cli.in_tensorflow.trying import photographs

SIZE = 32
RECIPE = Preprocessing(SIZE)


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape) + shape[0]).normal(0, 0.4, shape).astype(np.float32)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution, a depthwise one with weights of very different size, and a classifier."""
    from mobilenet_cli.engines.loading import import_tensorflow

    tf = import_tensorflow()
    depthwise = weights(3, 3, 8, 1) * np.geomspace(0.1, 10, 8, dtype=np.float32)[:, None]

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE, SIZE, 3])])
    def network(images):
        made = tf.nn.relu6(tf.nn.conv2d(images, weights(3, 3, 3, 8), 2, "SAME") + np.linspace(0.1, 0.8, 8, dtype="f"))
        made = tf.nn.depthwise_conv2d(made, depthwise, [1, 1, 1, 1], "SAME") + np.linspace(0, 1, 8, dtype="f")
        made = tf.reduce_mean(tf.nn.relu6(made), axis=[1, 2])
        return tf.matmul(made, weights(8, 5)) + np.linspace(-1, 1, 5, dtype="f")

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()], network)
    file = tmp_path_factory.mktemp("compiled") / "32.tflite"
    file.write_bytes(converter.convert())
    return file


def outputs(file: Path, images: np.ndarray, taken=None) -> np.ndarray:
    return LiteRTEngine(file, taken).session()(images)


@pytest.mark.slow
def test_outputs_stay_near_and_weights_take_a_byte(compiled: Path, tmp_path: Path):
    made = quantize(compiled, tmp_path / "int8.tflite", None, RECIPE, ())
    images = photographs(SIZE)
    expected, actual = outputs(compiled, images), outputs(tmp_path / "int8.tflite", images)
    assert made.images == len(images)
    assert made.difference == pytest.approx(np.sqrt(((actual - expected) ** 2).mean()) / expected.std(), rel=1e-3)
    assert 0 < made.difference < 0.1
    assert made.in_float >= 1
    assert layers_of(compiled.read_bytes())[-1].multiply_adds == 8 * 5
    # The classifier's outputs have more than 256 steps: with it in int8, all are multiples of one.
    steps = np.unique(np.round(np.diff(np.unique(actual)), 7))
    assert len(steps) > 20
    # The convolution's weights are bytes.
    assert {layer.weights is None for layer in layers_of((tmp_path / "int8.tflite").read_bytes())} == {True, False}


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution, a depthwise one and a matrix, without anything that is not linear between them."""
    from mobilenet_cli.engines.loading import import_tensorflow

    tf = import_tensorflow()

    @tf.function(input_signature=[tf.TensorSpec([1, SIZE, SIZE, 3])])
    def network(images):
        made = tf.nn.conv2d(images, weights(1, 1, 3, 8), 1, "SAME") + np.linspace(0.1, 0.8, 8, dtype="f")
        made = tf.nn.depthwise_conv2d(made, weights(1, 1, 8, 1), [1, 1, 1, 1], "SAME") + np.linspace(0, 1, 8, dtype="f")
        return tf.matmul(tf.reduce_mean(made, axis=[1, 2]), weights(8, 5)) + np.linspace(-1, 1, 5, dtype="f")

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()], network)
    file = tmp_path_factory.mktemp("linear") / "32.tflite"
    file.write_bytes(converter.convert())
    return file


@pytest.mark.slow
@pytest.mark.parametrize("rounded", [round_to_int8, round_to_bfloat16])
def test_corrected_biases_take_back_the_mean_shift_of_rounded_weights(linear: Path, tmp_path: Path, rounded):
    content = linear.read_bytes()
    layers = [layer for layer in layers_of(content) if layer.weights is not None]
    assert [layer.is_depthwise for layer in layers] == [False, True, False]
    images = photographs(SIZE)
    corrections = bias_corrections(linear, layers, [image[None] for image in images], rounded)
    assert set(corrections) == {layer.bias for layer in layers}
    plain, corrected = bytearray(content), bytearray(content)
    for layer in layers:
        for each in (plain, corrected):
            own = floats_in(each, layer.weights).reshape(layer.shape)
            own[:] = rounded(own, layer.is_depthwise)
        floats_in(corrected, layer.bias)[:] += corrections[layer.bias]
    means = []
    for name, each in (("float", content), ("plain", plain), ("corrected", corrected)):
        (tmp_path / f"{name}.tflite").write_bytes(each)
        means.append(np.mean([outputs(tmp_path / f"{name}.tflite", image[None]) for image in images], axis=0))
    # As the network is linear, its mean output is that of the mean input.
    assert abs(means[1] - means[0]).max() > 3e-4
    np.testing.assert_allclose(means[2], means[0], atol=2e-5)


@pytest.mark.slow
def test_it_is_made_on_the_users_photographs_as_the_file_takes_them(compiled: Path, tmp_path: Path):
    rng = np.random.default_rng(1)
    paths = []
    for number in range(6):
        Image.fromarray(rng.integers(0, 256, (40, 48, 3), np.uint8)).save(path := tmp_path / f"{number}.png")
        paths.append(str(path))
    paths.insert(2, str(tmp_path / "missing.jpg"))
    made = quantize(compiled, tmp_path / "int8.tflite", BYTES, RECIPE, paths)
    assert made.images == 6
    with pytest.raises(ModelError, match="at least 5 photographs are needed, and 4 can be read"):
        quantize(compiled, tmp_path / "few.tflite", None, RECIPE, paths[:5])


@pytest.mark.slow
def test_what_is_quantised_already_or_does_not_bear_it_is_refused(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    quantize(compiled, tmp_path / "int8.tflite", None, RECIPE, ())
    with pytest.raises(ModelError, match="it is quantised already"):
        quantize(tmp_path / "int8.tflite", tmp_path / "again.tflite", None, RECIPE, ())
    monkeypatch.setitem(float_network.BOUNDS, "int8", 1e-6)
    with pytest.raises(ModelError, match=r"it does not bear int8: its outputs differ by 0\.0"):
        quantize(compiled, tmp_path / "strict.tflite", None, RECIPE, ())


def test_bfloat16_is_the_upper_half_rounded_to_even():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    values = np.concatenate([weights(2000), np.array([0, -0.0, 1 + 2**-8, 1 + 3 * 2**-8, 1e30], np.float32)])
    np.testing.assert_array_equal(round_to_bfloat16(values), values.astype(ml_dtypes.bfloat16).astype(np.float32))


@pytest.mark.slow
def test_weights_in_bfloat16_keep_the_outputs(compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = round_weights(compiled, tmp_path / "bfloat16.tflite", None, RECIPE, ())
    assert (made.images, made.in_float) == (len(photographs(SIZE)), 0)
    assert 0 < made.difference < 0.02
    content = (tmp_path / "bfloat16.tflite").read_bytes()
    for layer in layers_of(content):
        if layer.weights is not None:
            own = floats_in(content, layer.weights)
            np.testing.assert_array_equal(round_to_bfloat16(own), own)
    monkeypatch.setattr(rounding, "bias_corrections", lambda *_: dict.fromkeys(corrected(compiled), np.float32(0)))
    assert round_weights(compiled, tmp_path / "plain.tflite", None, RECIPE, ()).difference > 1.2 * made.difference


def corrected(file: Path) -> set[int]:
    return {layer.bias for layer in layers_of(file.read_bytes()) if layer.bias is not None}
