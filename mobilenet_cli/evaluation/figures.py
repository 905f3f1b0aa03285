"""What an evaluation comes to: named, immutable records."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_cli.evaluation import metrics
from mobilenet_cli.evaluation.outcomes import Failure, Mistake
from mobilenet_cli.records import ClassName


@dataclass(frozen=True, slots=True)
class Proportion:
    """`correct` of `total`, which is at least 1."""

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
    """How many of a class's images were taken for what they are; the failed ones were not.

    Attributes:
        index: The class's position in the model's output, from 0.
        images: How many images show it, at least 1.
        correct: How many of these have it as their best class.
    """

    index: int
    images: int
    correct: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many images of the class `truth` were taken for the class `predicted`; both are indexes."""

    truth: int
    predicted: int
    images: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The images whose best class has a score above `low` and not above `high`.

    Attributes:
        low: The interval's lower end.
        high: The interval's upper end.
        images: How many they are.
        confidence: Their mean score, or None where there is none.
        accuracy: The share whose best class is the true one, likewise.
    """

    low: float
    high: float
    images: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model made of images whose truth is known.

    Images that could not be read are counted in `failed`. They stay in the denominators, as wrong: in
    `top_1`, `top_5`, `per_class` and `mean_class_accuracy`; what has `classified` in its name is without them,
    and so is the calibration, since they have no score.

    Attributes:
        model: The model's name.
        image_size: The side in pixels of the images that it gets.
        classes: Its classes, in the order of its outputs: what indexes are positions in.
        images: How many images there were.
        failed: How many of them could not be read.
        top_1: Images whose best class is the true one.
        top_5: Images that have the true class among the best five; None where the model has no more than five.
        mean_class_accuracy: The mean of the classes' accuracies, each class that is present counted once.
        per_class: Each class that is present, by index.
        confusions: Each pair of classes that was confused, the most frequent first.
        calibration_error: The expected calibration error of the best class's score; None where all failed.
        reliability: The bins that it is made of.
        images_per_second: How many went through, from the file to the prediction, failed ones too.
        worst: The mistakes with the highest scores, the highest first.
        failures: The images that failed.
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
    reliability: tuple[Bin, ...]
    images_per_second: float
    worst: tuple[Mistake, ...]
    failures: tuple[Failure, ...]

    @property
    def classified_top_1(self) -> Proportion | None:
        """`top_1` among the images that were read; None where there are none."""
        return self._classified(self.top_1)

    @property
    def classified_top_5(self) -> Proportion | None:
        """`top_5` likewise."""
        return self._classified(self.top_5)

    def _classified(self, among_all: Proportion | None) -> Proportion | None:
        if among_all is None or self.failed == self.images:
            return None
        return Proportion(among_all.correct, self.images - self.failed)


@dataclass(frozen=True, slots=True)
class Paired:
    """Two models on the same images: how many each got right.

    Attributes:
        both_right: Images that both got right.
        only_first: Images that only the first model got right.
        only_second: Images that only the second got right.
        both_wrong: Images that neither got right.
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
        """Of McNemar's exact test, two-sided: small where chance alone hardly makes models differ so much."""
        return metrics.mcnemar(self.only_first, self.only_second)

    @property
    def _images(self) -> int:
        return self.both_right + self.only_first + self.only_second + self.both_wrong


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same images.

    Attributes:
        first: The first model's evaluation.
        second: The second's, whose indexes are positions in its own classes.
        top_1: Whose best class is right.
        top_5: Who has the true class among the best five; None where a model has no more than five classes.
    """

    first: Evaluation
    second: Evaluation
    top_1: Paired
    top_5: Paired | None
