"""Batches as a compiled file takes them, and its outputs as a session returns them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines.network_input import Input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def is_planar(shape: Sequence[int]) -> bool:
    """Return whether images of a shape are [N, 3, H, W] instead of [N, H, W, 3]."""
    return len(shape) == 4 and shape[1] == 3 and shape[3] != 3


def as_taken(batch: NDArray[np.float32], taken: Input | None, *, planar: bool) -> NDArray[np.float32]:
    """Return images as a file takes them, in one block of memory.

    Args:
        batch: float32 [N, H, W, 3] in [0, 1].
        taken: The numbers that the file takes; None: 0 to 1.
        planar: Whether it takes [N, 3, H, W].
    """
    import numpy as np

    scaled = batch if taken is None else taken.scaled(batch)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2) if planar else scaled)


def one_by_one(run: Callable[[NDArray[Any]], NDArray[np.float32]], batch: NDArray[Any]) -> NDArray[np.float32]:
    """Return the outputs of a file that takes one image at a time."""
    import numpy as np

    return np.concatenate([run(image[np.newaxis]) for image in batch])


def flat(outputs: NDArray[Any]) -> NDArray[Any]:
    """Return outputs as [N, classes], also where the file puts out [N, 1, 1, classes]; other shapes as they are."""
    if outputs.ndim > 2 and outputs.size == outputs.shape[0] * outputs.shape[-1]:
        return outputs.reshape(outputs.shape[0], outputs.shape[-1])
    return outputs
