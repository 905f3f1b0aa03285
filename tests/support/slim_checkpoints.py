"""Checkpoints under the names that TF-Slim gives to variables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

LOGITS = "MobilenetV1/Logits/Conv2d_1c_1x1/weights"


def slim_weights(multiplier: float, classes: int, seed: int) -> dict[str, np.ndarray]:
    """Return random weights under TF-Slim's names, from its description of the layers."""
    rng, weights = np.random.default_rng(seed), {}

    def layer(name: str, kernel: str, shape: tuple[int, ...], channels: int, fan_in: int) -> None:
        weights[f"{name}/{kernel}"] = rng.normal(0, (2 / fan_in) ** 0.5, shape)
        for part in ("gamma", "beta", "moving_mean", "moving_variance"):
            weights[f"{name}/BatchNorm/{part}"] = rng.uniform(0.5, 1.5, channels)

    depths = [int(d * multiplier) for d in (32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)]
    layer("MobilenetV1/Conv2d_0", "weights", (3, 3, 3, depths[0]), depths[0], 27)
    for i in range(1, 14):
        last, depth = depths[i - 1], depths[i]
        layer(f"MobilenetV1/Conv2d_{i}_depthwise", "depthwise_weights", (3, 3, last, 1), last, 9)
        layer(f"MobilenetV1/Conv2d_{i}_pointwise", "weights", (1, 1, last, depth), depth, last)
    weights[LOGITS] = rng.normal(0, 0.1, (1, 1, depths[-1], classes))
    weights["MobilenetV1/Logits/Conv2d_1c_1x1/biases"] = rng.normal(0, 1, classes)
    return {name: array.astype(np.float32) for name, array in weights.items()}


def write(prefix: Path, weights: dict[str, np.ndarray]) -> Path:
    prefix.parent.mkdir(exist_ok=True)
    stored = {"global_step": np.int64(7), **weights}
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(stored),
        shape_and_slices=[""] * len(stored),
        tensors=[tf.constant(array) for array in stored.values()],
    )
    return prefix
