"""Logits → scores → top-k predictions → Results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.errors import ModelError
from mobilenet_cli.records import ClassName, Decoded, OutputKind, Prediction, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TopK:
    """The postprocessing of a classifier: its outputs become predictions.

    Attributes:
        labels: The name of each class, in the order of the outputs.
        output: The kind of the outputs: logits get a softmax, probabilities are scores already.
        k: How many predictions an image gets at most.
        threshold: The lowest score that is a prediction, 0 to 1.
    """

    labels: tuple[ClassName, ...]
    output: OutputKind = "logits"
    k: int = 5
    threshold: float = 0.0

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> list[Result]:
        """Return the Result of each image from its row of `outputs`, float32 [N, classes].

        Raises:
            ModelError: As `predictions`.
        """
        return [
            Result(image.path, "ok", predictions, None, image.width, image.height, model)
            for image, predictions in zip(images, self.predictions(outputs), strict=True)
        ]

    def failure(self, path: str, error: str, model: str) -> Result:
        """Return the Result of an image that cannot be read."""
        return Result(path, "error", (), error, None, None, model)

    def predictions(self, outputs: NDArray[np.float32]) -> list[tuple[Prediction, ...]]:
        """Return the top-k of each row of `outputs`, float32 [N, classes]; equal scores in the order of index.

        Raises:
            ModelError: Some outputs are not finite numbers: the model is damaged.
        """
        import numpy as np

        if not np.isfinite(outputs).all():
            raise ModelError("the model's outputs are not finite numbers; its weights are damaged")
        scores = softmax(outputs) if self.output == "logits" else outputs.astype(np.float64)
        k = min(self.k, scores.shape[1])
        # Only what is at least the k-th score is sorted: sorting all the classes costs more than the rest.
        least = np.partition(scores, -k, axis=1)[:, -k]
        rows = []
        for row, bound in zip(scores, least, strict=True):
            candidates = np.flatnonzero(row >= bound)
            best = candidates[np.argsort(-row[candidates], kind="stable")][:k]
            rows.append(
                tuple(
                    Prediction(rank, int(index), self.labels[index].wnid, self.labels[index].label, float(row[index]))
                    for rank, index in enumerate(best, start=1)
                    if row[index] >= self.threshold
                )
            )
        return rows


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the softmax of each row of [N, classes], in float64 and without overflow."""
    import numpy as np

    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    scores: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return scores
