"""Random distortion of training images: flip, shift, zoom, rotation and shear in one resampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf
    from numpy.typing import NDArray

    from mobilenet_cli.training.whole.options import Augmentation


def random_transforms(
    augmentation: Augmentation, count: int, size: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw random distortions.

    Args:
        augmentation: The ranges to draw from.
        count: The number of images.
        size: Width and height of the images in pixels.
        rng: The random generator.

    Returns:
        float32 [count, 6], rows of (a, b, c, d, e, f): the pixel at (x, y) of the distorted image comes from
        (a x + b y + c, d x + e y + f) in the image.
    """

    def draw(limit: float) -> NDArray[np.float64]:
        return rng.uniform(-limit, limit, count)

    angle, slant = np.radians(draw(augmentation.rotation)), np.radians(draw(augmentation.shear))
    zeros, ones = np.zeros(count), np.ones(count)
    mirror = np.where(rng.random(count) < 0.5, -1.0, 1.0) if augmentation.flip else ones
    rotation = _matrices(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))
    shear = _matrices(ones, -np.sin(slant), zeros, np.cos(slant))
    scale = _matrices(mirror / (1 + draw(augmentation.zoom)), zeros, zeros, 1 / (1 + draw(augmentation.zoom)))
    linear = rotation @ shear @ scale
    centre = np.full(2, (size - 1) / 2)
    shift = size * np.stack([draw(augmentation.width_shift), draw(augmentation.height_shift)], axis=-1)
    offset = centre - linear @ centre + shift
    rows = np.concatenate([linear, offset[..., None]], axis=-1)
    return rows.reshape(count, 6).astype(np.float32)


def distorted(images: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """Apply `random_transforms` to images with bilinear interpolation. Pixels from outside repeat the edge.

    Args:
        images: float32 [N, H, W, 3].
        transforms: float32 [N, 6], one row per image.
    """
    import tensorflow as tf

    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.pad(transforms, [[0, 0], [0, 2]]),  # no perspective
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _matrices(*entries: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return matrices [N, 2, 2] of their four entries, each [N]."""
    return np.stack(entries, axis=-1).reshape(-1, 2, 2)
