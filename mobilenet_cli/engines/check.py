"""A compiled network is checked against the one that it was compiled from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mobilenet_cli.engines.precision import Precision
from mobilenet_cli.errors import ModelError
from mobilenet_cli.records import OutputKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Compiling folds batch norm into the convolutions and sums in another order, so float32 outputs differ by
# rounding: about 1e-5 of their range. An output that is off by more than 1e-3 of it (of 1 at least) was not
# rounded but compiled wrongly. Within the bound a softmax score p moves by at most 2e-3·p·(1 − p) for logits
# in the usual ±10, which is less than the table's last digit.
BOUND = 1e-3
# Narrower numbers round every layer's outputs, and a largest difference says little of so many roundings: what counts
# is the root of their mean square, over the deviation of the outputs. Networks whose labels hold were seen at 0.01 at
# bfloat16 and at 0.06 to 0.15 at int8; a network that does not bear it has 1 and more, as if it put out noise.
BOUNDS: dict[Precision, float] = {"bfloat16": 0.1, "int8": 0.3}
_CHECKED_IMAGES = 4


def random_images(image_size: int) -> NDArray[np.float32]:
    """Return a few images to try a network on, float32 [N, image_size, image_size, 3] in [0, 1]."""
    import numpy as np

    return np.random.default_rng(0).random((_CHECKED_IMAGES, image_size, image_size, 3), dtype=np.float32)


def output_kind(outputs: NDArray[np.float32], last: str = "", step: float = 0.0) -> OutputKind:
    """Return the kind of a network's outputs.

    Args:
        outputs: Some of them, float32 [N, outputs].
        last: The operation that makes them, as `graph_ends` names it, or "" where that is not known.
        step: The distance between neighbouring quantised values, or 0.

    Raises:
        ModelError: They say nothing, or are neither logits nor probabilities.
    """
    if last == "Softmax" and outputs.shape[1] == 1:
        raise ModelError("the model puts out the softmax of one class, which is 1 for every image")
    if last == "Tanh":
        raise ModelError(
            "the model puts out a tanh, from −1 to 1, which is neither logits nor probabilities: "
            "`models import --output logits` takes it for logits"
        )
    if last == "Softmax":
        return "probabilities"
    if last == "LogSoftmax":
        return "logits"
    is_share = bool((outputs >= -step).all()) and bool((outputs <= 1 + step).all())
    if outputs.shape[1] == 1:
        return "probabilities" if last == "Sigmoid" or is_share else "logits"
    if last == "Sigmoid":
        return "multilabel"
    tolerance = max(1e-3, step * outputs.shape[1] / 2)
    if bool((abs(outputs.sum(axis=1) - 1) <= tolerance).all()) and bool((outputs >= -step).all()):
        return "probabilities"
    return "logits"


def relative_difference(actual: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the largest absolute difference over the largest absolute value expected (1 at least)."""
    if actual.shape != expected.shape:
        return float("inf")
    return float(abs(actual - expected).max() / max(1.0, float(abs(expected).max())))


def relative_rounding(actual: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the root mean square of the differences over the standard deviation of what is expected."""
    import numpy as np

    if actual.shape != expected.shape:
        return float("inf")
    difference = float(np.sqrt(np.square(actual - expected, dtype=np.float64).mean()))
    return difference / max(float(expected.std(dtype=np.float64)), float(np.finfo(np.float32).tiny))
