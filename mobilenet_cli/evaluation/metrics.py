"""Metrics: pure functions of true classes and predictions.

An image that failed has no prediction. Its predicted index is FAILED, which is not a class, so it counts as wrong.
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
"""Bins of the reliability diagram, as in Guo et al., "On Calibration of Modern Neural Networks", 2017."""
_Z = NormalDist().inv_cdf(0.975)
"""The standard normal distribution has 95 % of its mass between -z and z."""


def hits(truth: Indexes, top: Indexes, k: int) -> Flags:
    """Return bool [N]: whether the class `truth` [N] is in the first k columns of `top` [N, K], best first."""
    found: Flags = (top[:, :k] == truth[:, None]).any(axis=1)
    return found


def wilson(correct: int, total: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson 1927), without continuity correction.

    Args:
        correct: The numerator, 0 to `total`.
        total: The denominator, at least 1.
    """
    share, spread = correct / total, _Z**2 / total
    centre = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    # At 0 and at `total` the exact end is 0 or 1; floating point misses it.
    return (0.0 if correct == 0 else centre - half), (1.0 if correct == total else centre + half)


def per_class(truth: Indexes, correct: Flags) -> tuple[Indexes, Indexes, Indexes]:
    """Return the classes in `truth` [N], ascending; how many images each has; and how many of them are correct."""
    import numpy as np

    present, place, images = np.unique(truth, return_inverse=True, return_counts=True)
    right = np.bincount(place[correct], minlength=len(present))
    return present, images.astype(np.int32), right.astype(np.int32)


def confusions(truth: Indexes, predicted: Indexes) -> tuple[Indexes, Indexes, Indexes]:
    """Return the pairs of a true class and a wrong prediction, with their counts, the most frequent first.

    Equally frequent pairs are in the order of their indexes. Failed images are left out.

    Returns:
        The true classes, the predicted classes, and the numbers of images: int32 [pairs] each.

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
    """Sort images into BINS equal intervals of confidence, open below and closed above.

    Args:
        score: [N], the score of the best class, 0 to 1.
        correct: [N], whether that class is the true one.

    Returns:
        Each bin's number of images, mean score, and share of correct images; the last two NaN in an empty bin.
    """
    import numpy as np

    place = np.digitize(score, np.linspace(0, 1, BINS + 1)[1:-1], right=True)
    images = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore"):  # 0 / 0 in empty bins
        confidence = np.bincount(place, score, BINS) / images
        accuracy = np.bincount(place, correct, BINS) / images
    return images.astype(np.int32), confidence, accuracy


def calibration_error(images: Indexes, confidence: Numbers, accuracy: Numbers) -> float:
    """Return the expected calibration error: the mean gap between accuracy and confidence, weighted by images.

    The arguments are what `reliability` returns.
    """
    import numpy as np

    return float(np.nansum(images * np.abs(accuracy - confidence)) / images.sum())


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact (binomial) test.

    It is the probability that two equally accurate models split the images on which they disagree at least this
    unevenly.

    Args:
        only_first: Images that only the first model classified correctly.
        only_second: Images that only the second model classified correctly.
    """
    disagreements, fewer = only_first + only_second, min(only_first, only_second)
    term = tail = 1  # binomial coefficients as integers: nothing is rounded before the final division
    for count in range(fewer):
        term = term * (disagreements - count) // (count + 1)
        tail += term
    p_value: float = 2 * tail / (1 << disagreements)
    return min(1.0, p_value)


def paired_difference(only_first: int, only_second: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of the first model's accuracy minus the second's on the same `total` images.

    This is Wald's interval with one added to each of the two counts (Bonett and Price 2012). Fagerland et al.
    2014 (doi:10.1002/sim.6148) recommend it, since it keeps its coverage with few disagreements.
    """
    first, second = (only_first + 1) / (total + 2), (only_second + 1) / (total + 2)
    half = _Z * math.sqrt((first + second - (first - second) ** 2) / (total + 2))
    return max(-1.0, first - second - half), min(1.0, first - second + half)
