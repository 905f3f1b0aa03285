"""A compiled network is checked against the one that it was compiled from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Compiling folds batch norm into the convolutions and sums in another order, so float32 outputs differ by
# rounding: about 1e-5 of their range. An output that is off by more than 1e-3 of it (of 1 at least) was not
# rounded but compiled wrongly. Within the bound a softmax score p moves by at most 2e-3·p·(1 − p) for logits
# in the usual ±10, which is less than the table's last digit.
BOUND = 1e-3
_CHECKED_IMAGES = 4


def random_images(image_size: int) -> NDArray[np.float32]:
    """Return a few images to try a network on, float32 [N, image_size, image_size, 3] in [0, 1]."""
    import numpy as np

    return np.random.default_rng(0).random((_CHECKED_IMAGES, image_size, image_size, 3), dtype=np.float32)


def output_kind(outputs: NDArray[np.float32]) -> Literal["probabilities", "logits"]:
    """Return "probabilities" where the rows of [N, classes] are non-negative and sum to 1, else "logits"."""
    sums_to_one = bool((abs(outputs.sum(axis=1) - 1) < 1e-3).all())
    return "probabilities" if sums_to_one and bool((outputs >= 0).all()) else "logits"


def relative_difference(actual: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the largest absolute difference over the largest absolute value expected (1 at least)."""
    if actual.shape != expected.shape:
        return float("inf")
    return float(abs(actual - expected).max() / max(1.0, float(abs(expected).max())))
