"""A network's outputs → scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mobilenet_cli.records import OutputKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def scores_of(outputs: NDArray[np.float32], output: OutputKind) -> NDArray[np.float64]:
    """Return the scores that a network's outputs stand for.

    Args:
        outputs: float32 [N, outputs]. A single output is that of a network of two classes, for the second of them.
        output: Logits get a softmax, a single one a sigmoid; probabilities and a multi-label network's are scores
            already.

    Returns:
        float64 [N, classes], 0 to 1.
    """
    import numpy as np

    if outputs.shape[1] != 1:
        return softmax(outputs) if output == "logits" else outputs.astype(np.float64)
    if output == "logits":  # a sigmoid is the softmax of 0 and the logit
        return softmax(np.hstack([np.zeros_like(outputs), outputs]))
    second = outputs.astype(np.float64)
    return np.hstack([1 - second, second])


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the softmax of each row of [N, classes], in float64 and without overflow."""
    import numpy as np

    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    scores: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return scores
