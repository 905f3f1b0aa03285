"""The Python API: evaluate one model, or compare two on the same images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError
from mobilenet_cli.evaluation import metrics
from mobilenet_cli.evaluation.comparison import Comparison, Paired
from mobilenet_cli.evaluation.figures import (
    ClassAccuracy,
    Confusion,
    Evaluation,
    NamesAtSure,
    Proportion,
    ReliabilityBin,
)
from mobilenet_cli.evaluation.names import NamesTally, sures_with
from mobilenet_cli.evaluation.outcomes import TOP_K, LabelledSource, Outcomes, collect
from mobilenet_cli.evaluation.targets import Target, TargetFinder
from mobilenet_cli.evaluation.truth import Truth, find_truths, translate, truth_of
from mobilenet_cli.postprocess.naming_at_each import NamedResult
from mobilenet_cli.records import SURE, Source

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier

_Pairs = Iterable[tuple[LabelledSource, NamedResult]]
Observer = Callable[[_Pairs], _Pairs]
"""Yields the pairs that it is given, unchanged, and shows progress as they pass."""


def evaluate(
    classifier: Classifier,
    sources: Iterable[str | os.PathLike[str] | Source],
    truth: str | Truth = "folder",
    *,
    sure: float = SURE,
    batch_size: int | None = None,
    workers: int | None = None,
    watch: Observer = iter,
) -> Evaluation:
    """Classify images of which is known what they show, and measure how often the model is right.

    >>> from mobilenet_cli import Classifier, find_sources
    >>> from mobilenet_cli.evaluation import evaluate
    >>> evaluate(Classifier("efficientnet_lite0"), find_sources(["photos"])).top_1.value

    Every truth is looked up before the first image is opened.

    Args:
        classifier: The model.
        sources: Paths of images, or Sources.
        truth: "folder", "filename" or "csv:FILE" (see `truth_of`), or a function from a path to a class's
            label, wnid or index, or any other word or wnid that is known, as text (see `TargetFinder`).
        sure: The score from which names are given, 0 to 1. They are measured at 0.30 to 0.95 too.
        batch_size: As `Classifier.classify` takes it.
        workers: As `Classifier.classify` takes it.
        watch: Yields each image with its result unchanged, to show progress.

    Raises:
        InputError: There are no images, some have a missing, unknown or ambiguous truth, or an argument is out of
            range.
    """
    images, targets, finder = _prepared(classifier, sources, truth, sure)
    return _Pass(classifier, finder, sure).over(images, targets, batch_size, workers, watch)[0]


def compare(
    first: Classifier,
    second: Classifier,
    sources: Iterable[str | os.PathLike[str] | Source],
    truth: str | Truth = "folder",
    *,
    sure: float = SURE,
    batch_size: int | None = None,
    workers: int | None = None,
    watch: Observer = iter,
) -> Comparison:
    """Evaluate two models on the same images, one after the other.

    The truth names classes of the first model, or other words. Classes are found in the second by wnid, else by
    label, so the models may have different sets of classes. A failed image counts as wrong.

    Args:
        first: The model whose classes `truth` names, where it names classes.
        second: The other model.
        sources: As in `evaluate`.
        truth: As in `evaluate`.
        sure: As in `evaluate`.
        batch_size: As in `evaluate`.
        workers: As in `evaluate`.
        watch: As in `evaluate`; called once per model.

    Raises:
        InputError: As in `evaluate`, or the second model lacks some of the true classes.
    """
    images, targets, finder = _prepared(first, sources, truth, sure)
    other = _finder(second)
    others = translate(targets, other, finder)
    one, outcomes = _Pass(first, finder, sure).over(images, targets, batch_size, workers, watch)
    two, other_outcomes = _Pass(second, other, sure).over(images, others, batch_size, workers, watch)
    paired = partial(_paired, outcomes, other_outcomes)
    has_top_5 = one.top_5 is not None and two.top_5 is not None
    return Comparison(one, two, paired(1), paired(TOP_K) if has_top_5 else None)


def _finder(classifier: Classifier) -> TargetFinder:
    return TargetFinder(classifier.labels, classifier.model.name)


def _prepared(
    classifier: Classifier, sources: Iterable[str | os.PathLike[str] | Source], truth: str | Truth, sure: float
) -> tuple[list[Source], list[Target], TargetFinder]:
    if not 0 <= sure <= 1:
        raise InputError(f"sure is a number from 0 to 1, not {sure}")
    images = [each if isinstance(each, Source) else Source(os.fspath(each)) for each in sources]
    if not images:
        raise InputError("there are no images to evaluate")
    finder = _finder(classifier)
    return images, find_truths(images, truth_of(truth) if isinstance(truth, str) else truth, finder), finder


@dataclass(frozen=True, slots=True)
class _Pass:
    """A pass of one model over the images."""

    classifier: Classifier
    finder: TargetFinder
    sure: float

    def over(
        self,
        images: Sequence[Source],
        targets: Sequence[Target],
        batch_size: int | None,
        workers: int | None,
        watch: Observer,
    ) -> tuple[Evaluation, Outcomes]:
        """Return the figures, and the outcomes that they are made of."""
        sures = sures_with(self.sure)
        labelled = (
            LabelledSource(image.path, image.data, image.error, target, content=image.content)
            for image, target in zip(images, targets, strict=True)
        )
        pairs = self.classifier.name_sources(labelled, sures, top_k=TOP_K, batch_size=batch_size, workers=workers)
        names = NamesTally(self.finder, sures)
        outcomes = collect(watch(pairs), names)
        paths = tuple(image.path for image in images)
        return self._evaluation(outcomes, tuple(names.curve()), paths), outcomes

    def _evaluation(self, outcomes: Outcomes, names: tuple[NamesAtSure, ...], paths: tuple[str, ...]) -> Evaluation:
        truth, top, images, classes = outcomes.truth, outcomes.top, len(outcomes.truth), self.classifier.labels
        correct = metrics.hits(truth, top, 1)
        in_five = metrics.hits(truth, top, TOP_K)
        per_class = [ClassAccuracy(*map(int, row)) for row in zip(*metrics.per_class(truth, correct), strict=True)]
        confused = metrics.confusions(truth, top[:, 0])
        # The score of a class says how sure it is of that class, not of a word above it.
        scored = (top[:, 0] != metrics.FAILED) & (truth < len(classes))
        bins = metrics.reliability(outcomes.score[scored], correct[scored])
        return Evaluation(
            model=self.classifier.model.name,
            image_size=self.classifier.model.image_size,
            classes=classes,
            words=self.finder.words,
            images=images,
            failed=len(outcomes.failures),
            without_class=sum(each.images for each in per_class if each.index in self.finder.without_class),
            top_1=Proportion(int(correct.sum()), images),
            top_5=Proportion(int(in_five.sum()), images) if len(classes) > TOP_K else None,
            mean_class_accuracy=sum(each.correct / each.images for each in per_class) / len(per_class),
            per_class=tuple(per_class),
            confusions=tuple(Confusion(*map(int, row)) for row in zip(*confused, strict=True)),
            calibration_error=metrics.calibration_error(*bins) if scored.any() else None,
            reliability=tuple(_bins(zip(*bins, strict=True))),
            images_per_second=images / outcomes.seconds,
            mistakes=outcomes.mistakes,
            failures=outcomes.failures,
            sure=self.sure,
            names=names,
            _paths=paths,
            _outcomes=outcomes,
        )


def _bins(rows: Iterable[tuple[int, float, float]]) -> Iterator[ReliabilityBin]:
    for place, (images, confidence, accuracy) in enumerate(rows):
        low, high = place / metrics.BINS, (place + 1) / metrics.BINS
        means = (float(confidence), float(accuracy)) if images else (None, None)
        yield ReliabilityBin(low, high, int(images), *means)


def _paired(first: Outcomes, second: Outcomes, k: int) -> Paired:
    one = metrics.hits(first.truth, first.top, k)
    other = metrics.hits(second.truth, second.top, k)
    return Paired(
        both_right=int((one & other).sum()),
        only_first=int((one & ~other).sum()),
        only_second=int((other & ~one).sum()),
        both_wrong=int((~one & ~other).sum()),
    )
