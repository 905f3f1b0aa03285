"""The figures of an evaluation: named, immutable records."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_cli.evaluation import metrics
from mobilenet_cli.evaluation.outcomes import FailedImage, Mistake
from mobilenet_cli.records import ClassName


@dataclass(frozen=True, slots=True)
class Proportion:
    """`correct` out of `total`, which is at least 1."""

    correct: int
    total: int

    @property
    def value(self) -> float:
        """The proportion, 0 to 1."""
        return self.correct / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval (Wilson)."""
        return metrics.wilson(self.correct, self.total)


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """How many of a class's images were classified correctly. Failed images count as wrong.

    Attributes:
        index: The class's position in the model's output, from 0.
        images: Number of images that show it, at least 1.
        correct: Number of these whose best class it is.
    """

    index: int
    images: int
    correct: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """The number of images of the class `truth` that were labelled `predicted`. Both are indexes."""

    truth: int
    predicted: int
    images: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The images whose best class has a score above `low` and at most `high`.

    Attributes:
        low: The interval's lower end, 0 to 1.
        high: The interval's upper end, 0 to 1.
        images: Number of images.
        confidence: Their mean score, or None if there are no images.
        accuracy: The share whose best class is the true one, or None if there are no images.
    """

    low: float
    high: float
    images: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's results on images whose true class is known.

    Images that could not be read are counted in `failed`. They count as wrong in `top_1`, `top_5`, `per_class`
    and `mean_class_accuracy`. The figures with `classified` in their names leave them out, and so does the
    calibration, since they have no score.

    Attributes:
        model: The model's name.
        image_size: The side of the model's input in pixels.
        classes: The model's classes in the order of its outputs; every index is a position in this tuple.
        images: Number of images.
        failed: Number of images that could not be read.
        top_1: Images whose best class is the true one.
        top_5: Images with the true class among the best five; None if the model has at most five classes.
        mean_class_accuracy: The mean of the accuracies of the classes present, 0 to 1.
        per_class: The classes present, by index.
        confusions: Each pair of classes that was confused, the most frequent first.
        calibration_error: The expected calibration error of the best class's score, 0 to 1; None if all failed.
        reliability: The bins that the calibration error is computed from.
        images_per_second: Speed from the file to the prediction, failed images included.
        worst: The mistakes with the highest scores, the highest first.
        failures: The images that could not be read.
    """

    model: str
    image_size: int
    classes: tuple[ClassName, ...]
    images: int
    failed: int
    top_1: Proportion
    top_5: Proportion | None
    mean_class_accuracy: float
    per_class: tuple[ClassAccuracy, ...]
    confusions: tuple[Confusion, ...]
    calibration_error: float | None
    reliability: tuple[ReliabilityBin, ...]
    images_per_second: float
    worst: tuple[Mistake, ...]
    failures: tuple[FailedImage, ...]

    @property
    def classified_top_1(self) -> Proportion | None:
        """`top_1` among the images that were read; None if there are none."""
        return self._classified(self.top_1)

    @property
    def classified_top_5(self) -> Proportion | None:
        """`top_5` among the images that were read; None if there are none."""
        return self._classified(self.top_5)

    def _classified(self, among_all: Proportion | None) -> Proportion | None:
        if among_all is None or self.failed == self.images:
            return None
        return Proportion(among_all.correct, self.images - self.failed)


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
