"""Figures of merit: pure functions of what was predicted and what is true.

An image that failed has no prediction: where a function takes predictions, its index is FAILED, which is no
class, so it counts as wrong.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Indexes = NDArray[np.int32]
    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.float64]

FAILED = -1
BINS = 15
"""Of the reliability diagram: the number in Guo et al., "On Calibration of Modern Neural Networks", 2017."""
_Z = NormalDist().inv_cdf(0.975)
"""The standard normal distribution has 95 % of its mass between -z and z."""


def hits(truth: Indexes, top: Indexes, k: int) -> Flags:
    """Return bool [N]: whether the class `truth` [N] is among the first k columns of `top` [N, K], best first."""
    found: Flags = (top[:, :k] == truth[:, None]).any(axis=1)
    return found


def wilson(correct: int, total: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson 1927), without continuity correction.

    Args:
        correct: How many of `total` have the property.
        total: At least 1.
    """
    share, spread = correct / total, _Z**2 / total
    centre = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    # At the ends the exact value is 0 or 1, but not in floating point.
    return (0.0 if correct == 0 else centre - half), (1.0 if correct == total else centre + half)


def per_class(truth: Indexes, correct: Flags) -> tuple[Indexes, Indexes, Indexes]:
    """Return the classes that are present in `truth` [N], ascending; how many images each has; how many correct."""
    import numpy as np

    present, place, images = np.unique(truth, return_inverse=True, return_counts=True)
    right = np.bincount(place[correct], minlength=len(present))
    return present, images.astype(np.int32), right.astype(np.int32)


def confusions(truth: Indexes, predicted: Indexes) -> tuple[Indexes, Indexes, Indexes]:
    """Return each pair of a true class and another that it was taken for, and how often: the most frequent first.

    Pairs that are equally frequent are in the order of their indexes. Failed images are in none.

    Args:
        truth: int [N].
        predicted: int [N], the best class of each image, or FAILED.
    """
    import numpy as np

    wrong = (predicted != truth) & (predicted != FAILED)
    pairs, images = np.unique(np.stack([truth[wrong], predicted[wrong]], axis=1), axis=0, return_counts=True)
    order = np.argsort(-images, kind="stable")
    return pairs[order, 0], pairs[order, 1], images[order].astype(np.int32)


def reliability(score: Numbers, correct: Flags) -> tuple[Indexes, Numbers, Numbers]:
    """Sort images into BINS equal intervals of confidence, each without its lower and with its upper end.

    Args:
        score: [N], the score of the best class, 0 to 1.
        correct: [N], whether that class is the true one.

    Returns:
        Of each bin the number of images, their mean score, and the share that is correct; NaN where it is empty.
    """
    import numpy as np

    place = np.digitize(score, np.linspace(0, 1, BINS + 1)[1:-1], right=True)
    images = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore"):  # 0 / 0 in empty bins
        confidence = np.bincount(place, score, BINS) / images
        accuracy = np.bincount(place, correct, BINS) / images
    return images.astype(np.int32), confidence, accuracy


def calibration_error(images: Indexes, confidence: Numbers, accuracy: Numbers) -> float:
    """Return the expected calibration error of what `reliability` returns: the mean gap, weighted by images."""
    import numpy as np

    return float(np.nansum(images * np.abs(accuracy - confidence)) / images.sum())


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (the binomial one).

    It is the probability that models which are right equally often differ on the images where just one of them
    is right as unevenly as this, or more.

    Args:
        only_first: Images where only the first model is right.
        only_second: Images where only the second is.
    """
    disagreements, fewer = only_first + only_second, min(only_first, only_second)
    term = tail = 1  # binomial coefficients, as whole numbers: nothing is rounded before the end
    for count in range(fewer):
        term = term * (disagreements - count) // (count + 1)
        tail += term
    p_value: float = 2 * tail / (1 << disagreements)
    return min(1.0, p_value)


def paired_difference(only_first: int, only_second: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of the first model's accuracy minus the second's on the same `total` images.

    Wald's interval with one image more in each of the two counts (Bonett and Price 2012), which Fagerland et
    al. 2014 (doi:10.1002/sim.6148) recommend: it has its coverage with few disagreements too.
    """
    first, second = (only_first + 1) / (total + 2), (only_second + 1) / (total + 2)
    half = _Z * math.sqrt((first + second - (first - second) ** 2) / (total + 2))
    return max(-1.0, first - second - half), min(1.0, first - second + half)
