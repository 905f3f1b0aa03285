"""The figures of two models on the same images."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_cli.evaluation import metrics
from mobilenet_cli.evaluation.figures import Evaluation


@dataclass(frozen=True, slots=True)
class Paired:
    """Numbers of images by which of two models classified them correctly.

    Attributes:
        both_right: Correct by both models.
        only_first: Correct by the first model only.
        only_second: Correct by the second model only.
        both_wrong: Correct by neither.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int

    @property
    def difference(self) -> float:
        """The first model's accuracy minus the second's, -1 to 1."""
        return (self.only_first - self.only_second) / self._images

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval (Bonett and Price)."""
        return metrics.paired_difference(self.only_first, self.only_second, self._images)

    @property
    def p_value(self) -> float:
        """The two-sided p-value of McNemar's exact test."""
        return metrics.mcnemar(self.only_first, self.only_second)

    @property
    def _images(self) -> int:
        return self.both_right + self.only_first + self.only_second + self.both_wrong


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same images.

    Attributes:
        first: The first model's evaluation.
        second: The second model's evaluation. Its indexes are positions in its own classes.
        top_1: Right means that the best class is the true one.
        top_5: Right means that the true class is among the best five; None if a model has at most five classes.
    """

    first: Evaluation
    second: Evaluation
    top_1: Paired
    top_5: Paired | None
