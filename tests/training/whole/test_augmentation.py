from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mobilenet_cli.training.whole.in_tensorflow.augmentation import distorted, random_transforms
from mobilenet_cli.training.whole.options import Augmentation

NONE = Augmentation(flip=False, width_shift=0, height_shift=0, zoom=0, rotation=0, shear=0)
SIZE = 9


def transforms(count: int = 400, **ranges: float) -> np.ndarray:
    augmentation = Augmentation(
        **{"flip": False, "width_shift": 0, "height_shift": 0, "zoom": 0, "rotation": 0} | ranges
    )
    return random_transforms(augmentation, count, SIZE, np.random.default_rng(1))


def linear(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(-1, 2, 3)[:, :, :2]


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(2).random((6, SIZE, SIZE, 3), np.float32)


def apply(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return distorted(tf.constant(images), tf.constant(rows)).numpy()


def test_without_ranges_images_stay_as_they_are(images: np.ndarray) -> None:
    np.testing.assert_allclose(apply(images, transforms(6)), images, atol=1e-6)


def test_half_of_the_images_are_flipped_left_to_right(images: np.ndarray) -> None:
    rows = transforms(flip=True)
    mirrored = linear(rows)[:, 0, 0] < 0
    assert 0.4 < mirrored.mean() < 0.6
    expected = np.where(mirrored[:6, None, None, None], images[:, :, ::-1], images)
    assert mirrored[:6].any()
    np.testing.assert_allclose(apply(images, rows[:6]), expected, atol=1e-6)


def test_shifts_are_fractions_of_the_size_and_repeat_the_edge(images: np.ndarray) -> None:
    across, down = transforms(width_shift=0.25)[:, [2, 5]].T
    assert np.abs(down).max() == 0
    assert 0.24 * SIZE < np.abs(across).max() < 0.25 * SIZE
    assert across.min() < 0 < across.max()
    _, down = transforms(height_shift=0.5)[:, [2, 5]].T
    assert 0.48 * SIZE < np.abs(down).max() < 0.5 * SIZE
    moved = apply(images, np.tile(np.float32([1, 0, 2, 0, 1, 0]), (6, 1)))
    np.testing.assert_allclose(moved[:, :, :-2], images[:, :, 2:], atol=1e-6)
    np.testing.assert_allclose(moved[:, :, -2:], np.repeat(images[:, :, -1:], 2, axis=2), atol=1e-6)


def test_rotations_are_in_degrees_about_the_middle(images: np.ndarray) -> None:
    rows = transforms(rotation=30)
    matrices = linear(rows)
    np.testing.assert_allclose(matrices @ matrices.swapaxes(1, 2), np.tile(np.eye(2), (400, 1, 1)), atol=1e-6)
    angles = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert 29 < angles.max() < 30
    assert -30 < angles.min() < -29
    middle = SIZE // 2
    np.testing.assert_allclose(apply(images, rows[:6])[:, middle, middle], images[:, middle, middle], atol=1e-5)


def test_a_quarter_turn_is_one(images: np.ndarray) -> None:
    class Quarter:
        def uniform(self, low: float, high: float, count: int) -> np.ndarray:
            return np.full(count, high)

    rows = random_transforms(Augmentation(False, 0, 0, 0, 90), 6, SIZE, Quarter())  # type: ignore[arg-type]
    np.testing.assert_allclose(apply(images, rows), np.rot90(images, axes=(1, 2)), atol=1e-4)


def test_zoom_scales_width_and_height_each_by_up_to_its_fraction(images: np.ndarray) -> None:
    matrices = linear(transforms(zoom=0.2))
    scales = 1 / matrices[:, [0, 1], [0, 1]]
    assert np.abs(matrices[:, [0, 1], [1, 0]]).max() == 0
    for scale in scales.T:
        assert 0.8 < scale.min() < 0.81
        assert 1.19 < scale.max() < 1.2
    assert np.abs(scales[:, 0] - scales[:, 1]).max() > 0.1


def test_shear_slants_by_degrees() -> None:
    matrices = linear(transforms(shear=10))
    np.testing.assert_array_equal(matrices[:, 0, 0], 1)
    angles = np.degrees(np.arctan2(-matrices[:, 0, 1], matrices[:, 1, 1]))
    assert 9.7 < np.abs(angles).max() < 10
