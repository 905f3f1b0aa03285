"""The temperature of a trained model, fitted on its validation images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mobilenet_cli.evaluation.calibration import fit_temperature

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEW_IMAGES = 50
"""With fewer validation images, the temperature is at least 1."""


def validated_temperature(logits: NDArray[np.floating], labels: Sequence[int]) -> float:
    """Return the temperature of the greatest likelihood of the validation images, with three decimals; 1 without any.

    Below 1, scores become higher than the training made them, for which FEW_IMAGES or more must speak: on a handful,
    a head is easily right more often than on others.

    Args:
        logits: float [N, classes], of images that the classifier was not trained on.
        labels: The true class of each, from 0.
    """
    if not labels:
        return 1.0
    fitted = fit_temperature(logits, labels).temperature
    return round(fitted if len(labels) >= FEW_IMAGES else max(fitted, 1.0), 3)
