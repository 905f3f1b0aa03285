"""The temperature of a trained model."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from mobilenet_cli.training.temperature import FEW_IMAGES, validated_temperature


def drawn(temperature: float, images: int) -> tuple[np.ndarray, list[int]]:
    """Logits of five classes, and truths drawn from softmax(logits / temperature)."""
    random = np.random.default_rng(3)
    logits = random.normal(0, 3, (images, 5))
    return logits, [int(random.choice(5, p=row)) for row in softmax(logits / temperature)]


def softmax(logits: np.ndarray) -> np.ndarray:
    scores = np.exp(logits)
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.0])
def test_it_is_that_of_the_least_loss_by_scikit_learn(temperature: float) -> None:
    logits, truths = drawn(temperature, 3000)
    tried = np.arange(0.3, 4, 0.01)
    losses = [log_loss(truths, softmax(logits / each)) for each in tried]
    assert validated_temperature(logits, truths) == pytest.approx(tried[int(np.argmin(losses))], abs=0.02)


def test_few_images_do_not_raise_scores_and_hardly_lower_them() -> None:
    logits = np.tile([3.0, 0.0], (FEW_IMAGES, 1))  # always right, though its scores are 0.95
    right = [0] * FEW_IMAGES
    assert validated_temperature(logits[1:], right[1:]) == 1.0
    assert validated_temperature(logits, right) < 1.0
    assert 1.0 < validated_temperature(logits[:1], [1]) < math.e


def test_without_images_it_is_one() -> None:
    assert validated_temperature(np.empty((0, 3)), []) == 1.0
