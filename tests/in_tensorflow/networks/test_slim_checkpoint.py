"""TF-Slim's checkpoints: found, read by name, and refused with the name of what does not fit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import SHARED
from PIL import Image
from slim_checkpoints import LOGITS, slim_weights, write

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.networks import slim_checkpoint
from mobilenet_cli.in_tensorflow.networks.mobilenet_v1 import MobilenetV1

CHECKPOINT = SHARED / "checkpoints" / "mobilenet_v1_0.75_224"
BETA = "MobilenetV1/Conv2d_4_pointwise/BatchNorm/beta"


def assert_loaded(network: MobilenetV1, weights: dict[str, np.ndarray]) -> None:
    by_name = {variable.name.removesuffix(":0"): variable for variable in network.variables}
    assert set(by_name) == set(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(by_name[name].numpy(), array, err_msg=name)


@pytest.mark.parametrize(("multiplier", "classes"), [(0.25, 1001), (0.35, 7)])
def test_multiplier_and_classes_follow_from_the_shapes(tmp_path: Path, multiplier: float, classes: int) -> None:
    weights = slim_weights(multiplier, classes, seed=1)
    network = slim_checkpoint.load(write(tmp_path / "model.ckpt", weights))
    assert_loaded(network, weights)
    assert network.logits(np.zeros((1, 32, 32, 3), np.float32)).shape == (1, classes)


@pytest.mark.parametrize(
    "form", ["run/model.ckpt-5", "run/model.ckpt-5.index", "run/model.ckpt-5.data-00000-of-00001", "run"]
)
def test_every_way_to_name_a_checkpoint(tmp_path: Path, form: str) -> None:
    weights = slim_weights(0.25, 3, seed=2)
    write(tmp_path / "run" / "model.ckpt-5", weights)
    assert slim_checkpoint.read(tmp_path / form).keys() == weights.keys()


def test_moving_averages_are_preferred_and_the_optimisers_state_is_ignored(tmp_path: Path) -> None:
    averages = slim_weights(0.25, 3, seed=3)
    last_step = {name: array + 1 for name, array in averages.items()}
    stored = dict(last_step)
    for name, array in averages.items():
        stored[f"{name}/ExponentialMovingAverage"] = array
        for slot in ("RMSProp", "RMSProp_1", "Momentum"):
            stored[f"{name}/{slot}"] = array * 9
    # As where a variable was not averaged: its own value counts.
    del stored[f"{BETA}/ExponentialMovingAverage"]
    expected = averages | {BETA: last_step[BETA]}
    assert_loaded(slim_checkpoint.load(write(tmp_path / "model.ckpt", stored)), expected)


@pytest.mark.parametrize("name", [BETA, LOGITS, "MobilenetV1/Conv2d_13_pointwise/weights"])
def test_a_missing_variable_is_named(tmp_path: Path, name: str) -> None:
    weights = slim_weights(0.25, 3, seed=4)
    del weights[name]
    with pytest.raises(ModelError, match=f"lacks {name}"):
        slim_checkpoint.load(write(tmp_path / "model.ckpt", weights))


def test_a_surplus_variable_is_named(tmp_path: Path) -> None:
    weights = slim_weights(0.25, 3, seed=4) | {"MobilenetV1/Conv2d_14/weights": np.zeros(1, np.float32)}
    with pytest.raises(ModelError, match="MobilenetV1/Conv2d_14/weights"):
        slim_checkpoint.load(write(tmp_path / "model.ckpt", weights))


def test_a_misshapen_variable_is_named_with_both_shapes(tmp_path: Path) -> None:
    weights = slim_weights(0.25, 3, seed=4) | {BETA: np.zeros(5, np.float32)}
    with pytest.raises(ModelError, match=re.escape(f"{BETA} has shape (5,), but this network needs (64,)")):
        slim_checkpoint.load(write(tmp_path / "model.ckpt", weights))
    weights |= {LOGITS: np.zeros((256, 3), np.float32)}
    with pytest.raises(ModelError, match=re.escape(f"{LOGITS} has shape (256, 3)")):
        slim_checkpoint.load(write(tmp_path / "model.ckpt", weights))


def test_a_folder_must_hold_one_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no file ends in"):
        slim_checkpoint.read(tmp_path)
    for name in ("a.ckpt", "b.ckpt"):
        write(tmp_path / name, {"x": np.zeros(1, np.float32)})
    with pytest.raises(ModelError, match=r"a\.ckpt\.index, b\.ckpt\.index"):
        slim_checkpoint.read(tmp_path)
    with pytest.raises(ModelError, match="There is no checkpoint"):
        slim_checkpoint.read(tmp_path / "c.ckpt")


@pytest.mark.parametrize("ending", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_checkpoint_is_an_error(tmp_path: Path, ending: str, damage: str) -> None:
    prefix = write(tmp_path / "model.ckpt", slim_weights(0.25, 3, seed=5))
    file = prefix.with_name(prefix.name + ending)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        file.unlink()
    with pytest.raises(ModelError, match=r"model\.ckpt"):
        slim_checkpoint.read(prefix)


@pytest.mark.slow
def test_the_converted_savedmodel_computes_what_the_checkpoint_does(tmp_path: Path) -> None:
    prefix = write(tmp_path / "model.ckpt", slim_weights(0.25, 3, seed=6))
    images = np.random.default_rng(0).random((2, 64, 64, 3), np.float32)
    slim_checkpoint.convert(prefix, tmp_path / "saved")
    expected = slim_checkpoint.load(prefix).logits(images)
    np.testing.assert_allclose(tf.saved_model.load(str(tmp_path / "saved"))(images), expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(not CHECKPOINT.is_dir(), reason="needs ../shared/checkpoints (trained weights)")
@pytest.mark.skipif(not (SHARED / "images").is_dir(), reason="needs ../shared/images (photographs)")
def test_trained_weights_recognise_photographs() -> None:
    files = sorted((SHARED / "images").glob("*.JPEG"))
    rows = [line.split("\t") for line in (SHARED / "facts/imagenet_classes.tsv").read_text().splitlines()[1:]]
    index_of = {wnid: int(index) for index, wnid, _ in rows}
    expected = np.array([index_of[file.name.partition("_")[0]] for file in files])
    logits = tf.function(slim_checkpoint.load(CHECKPOINT).logits)
    batches = [np.stack([centre_crop(file) for file in files[i : i + 20]]) for i in range(0, len(files), 20)]
    top = np.argsort(-np.concatenate([logits(batch) for batch in batches]))
    assert (top[:, 0] == expected).mean() == pytest.approx(0.86, abs=0.01)
    assert (top[:, :5] == expected[:, None]).any(1).mean() == pytest.approx(0.975, abs=0.01)


def centre_crop(file: Path) -> np.ndarray:
    image = Image.open(file).convert("RGB")
    side = 0.875 * min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    pixels = image.resize((224, 224), Image.Resampling.BILINEAR, box)
    return np.asarray(pixels, np.float32) / 255
