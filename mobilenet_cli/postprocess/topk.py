"""A network's outputs → scores → top-k predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from mobilenet_cli.engines.network_output import scores_of
from mobilenet_cli.errors import ModelError
from mobilenet_cli.records import ClassName, OutputKind, Prediction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOP_K = 5
_LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """Which of an image's classes are its predictions.

    Attributes:
        k: How many at most.
        threshold: The lowest score of one, 0 to 1.
    """

    k: int
    threshold: float

    @classmethod
    def of(cls, output: OutputKind, classes: int, k: int | None, threshold: float | None) -> Self:
        """Return those that the user has chosen or, where one is None, those that suit the network.

        That is the best 5 classes. Of a multi-label network, where each class is right or wrong for itself, it is all
        classes that are more likely right than wrong.

        Args:
            output: The kind of the network's outputs.
            classes: How many classes it has.
            k: How many at most; None: 5, or all of a multi-label network.
            threshold: The lowest score; None: 0, or 0.5 of a multi-label network.
        """
        is_multilabel = output == "multilabel"
        if k is None:
            k = classes if is_multilabel else _TOP_K
        if threshold is None:
            threshold = _LIKELY if is_multilabel else 0.0
        return cls(min(k, classes), threshold)


@dataclass(frozen=True, slots=True)
class TopK:
    """The ranking of a classifier's outputs.

    Attributes:
        labels: The name of each class, in the order of the outputs.
        output: The kind of the outputs; see scores_of.
        k: How many predictions an image gets at most.
        threshold: The lowest score that is a prediction, 0 to 1.
        temperature: The divisor of logits, above 0: above 1 it lowers the scores of a network that is too sure.
    """

    labels: tuple[ClassName, ...]
    output: OutputKind = "logits"
    k: int = 5
    threshold: float = 0.0
    temperature: float = 1.0

    def scores(self, outputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the scores of each row of `outputs`, float32 [N, outputs]: 0 to 1, float64 [N, classes].

        Raises:
            ModelError: Some outputs are not finite numbers: the model is damaged.
        """
        import numpy as np

        if not np.isfinite(outputs).all():
            raise ModelError("the model's outputs are not finite numbers; its weights are damaged")
        is_divided = self.output == "logits" and self.temperature != 1
        return scores_of(outputs / np.float32(self.temperature) if is_divided else outputs, self.output)

    def predictions(self, scores: NDArray[np.float64]) -> list[tuple[Prediction, ...]]:
        """Return the top-k of each row of `scores`, [N, classes]; equal scores in the order of index."""
        import numpy as np

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


def is_temperature(value: object) -> bool:
    """Return whether logits can be divided by `value`: a finite number above 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
