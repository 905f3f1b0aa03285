"""The figures of an evaluation: named, immutable records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mobilenet_cli.evaluation import metrics
from mobilenet_cli.evaluation.answers import Answer, PredictedImage, predicted
from mobilenet_cli.evaluation.outcomes import WORST, FailedImage, Mistake, Outcomes
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
    """How many of the images of a class, or of another word, were classified correctly. Failed images count as wrong.

    Attributes:
        index: The index of the class or word.
        images: Number of images that show it, at least 1.
        correct: Number of these whose best class is right.
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
class NamesAtSure:
    """The names that images get from one score on. An image that could not be read has none.

    Attributes:
        sure: That score, 0 to 1.
        images: Number of images, at least 1.
        exact: Number of names that are what the image shows, or something below it.
        vaguer: Number of names that are a word above it: right, but vaguer.
        wrong: Number of all other names.
        median_classes: The median of the numbers of the model's classes at or below the names; None without names.
        single_classes: Number of names with one class.
    """

    sure: float
    images: int
    exact: int
    vaguer: int
    wrong: int
    median_classes: float | None
    single_classes: int

    @property
    def named(self) -> Proportion:
        """The images that have a name."""
        return Proportion(self.exact + self.vaguer + self.wrong, self.images)

    @property
    def right(self) -> Proportion | None:
        """The names that are right, vaguer ones included; None without names."""
        return self._among_names(self.exact + self.vaguer)

    @property
    def vaguer_share(self) -> float | None:
        """The share of the names that are right but vaguer, 0 to 1; None without names."""
        return None if (among := self._among_names(self.vaguer)) is None else among.value

    @property
    def wrong_share(self) -> float | None:
        """The share of the names that are wrong, 0 to 1; None without names."""
        return None if (among := self._among_names(self.wrong)) is None else among.value

    @property
    def single_share(self) -> float | None:
        """The share of the names with one class, 0 to 1; None without names."""
        return None if (among := self._among_names(self.single_classes)) is None else among.value

    def _among_names(self, count: int) -> Proportion | None:
        return Proportion(count, self.named.correct) if self.named.correct else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's results on images of which is known what they show: one of its classes, or any other word.

    For a word that is no class, a class is right that is below the word, or above it where none is below it.

    Images that could not be read are counted in `failed`. They count as wrong in `top_1`, `top_5`, `per_class`
    and `mean_class_accuracy`. The figures with `classified` in their names leave them out, and so does the
    calibration, since they have no score.

    Attributes:
        model: The model's name.
        image_size: The side of the model's input in pixels.
        classes: The model's classes in the order of its outputs.
        words: What images show that is no class. Every index is a position in `classes` followed by `words`.
        images: Number of images.
        failed: Number of images that could not be read.
        without_class: Number of images that show what no class is right for. They count as wrong in the same figures.
        top_1: Images whose best class is right.
        top_5: Images with a right class among the best five; None if the model has at most five classes.
        mean_class_accuracy: The mean of the accuracies of the classes and words present, 0 to 1.
        per_class: The classes and words present, by index.
        confusions: Each pair of classes, or of a word and a class, that was confused, the most frequent first.
        calibration_error: The expected calibration error of the best class's score, 0 to 1, over the images that show
            a class; None if all of these failed.
        reliability: The bins that the calibration error is computed from.
        images_per_second: Speed from the file to the prediction, failed images included.
        mistakes: The images whose best class is wrong, the highest score first.
        failures: The images that could not be read.
        sure: The score from which names are given.
        names: What the names are worth, at that score and from 0.30 to 0.95 in steps of 0.05, rising.
        trained_on: How many of the images the model was trained on, as far as that is known.
        chosen_by: How many others it was chosen by, in its validation.
    """

    model: str
    image_size: int
    classes: tuple[ClassName, ...]
    words: tuple[ClassName, ...]
    images: int
    failed: int
    without_class: int
    top_1: Proportion
    top_5: Proportion | None
    mean_class_accuracy: float
    per_class: tuple[ClassAccuracy, ...]
    confusions: tuple[Confusion, ...]
    calibration_error: float | None
    reliability: tuple[ReliabilityBin, ...]
    images_per_second: float
    mistakes: tuple[Mistake, ...]
    failures: tuple[FailedImage, ...]
    sure: float
    names: tuple[NamesAtSure, ...]
    trained_on: int = 0
    chosen_by: int = 0
    _paths: tuple[str, ...] = field(default=(), repr=False, compare=False)
    _outcomes: Outcomes | None = field(default=None, repr=False, compare=False)

    @property
    def worst(self) -> tuple[Mistake, ...]:
        """The mistakes with the highest scores, the highest first."""
        return self.mistakes[:WORST]

    @property
    def worst_classes(self) -> list[ClassAccuracy]:
        """The classes and words present, the least accurate first; of equals those with the most images."""
        return sorted(self.per_class, key=lambda each: (each.correct / each.images, -each.images, each.index))

    def answers(self) -> Iterator[Answer]:
        """Yield what each image shows and what the model says, in the order of the images."""
        if (outcomes := self._outcomes) is None:
            return
        errors = iter(outcomes.failures)
        for place, path in enumerate(self._paths):
            truth, best = int(outcomes.truth[place]), int(outcomes.best[place])
            if best == metrics.FAILED:
                yield Answer(path, truth, None, None, None, next(errors).error)
            else:
                top = outcomes.top[place].tolist()
                rank = top.index(truth) + 1 if truth in top else None
                yield Answer(path, truth, best, float(outcomes.score[place]), rank, None)

    def predictions(self) -> Iterator[PredictedImage]:
        """Yield the same with names in the place of indexes: the rows of `evaluate --predictions`."""
        return (predicted(answer, self.name, self.model) for answer in self.answers())

    @property
    def names_at_sure(self) -> NamesAtSure:
        """What the names given at `sure` are worth."""
        return next(each for each in self.names if each.sure == self.sure)

    def name(self, index: int) -> ClassName:
        """Return the name of a class or of another word."""
        classes = len(self.classes)
        return self.classes[index] if index < classes else self.words[index - classes]

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
