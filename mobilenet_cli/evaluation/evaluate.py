"""The Python API: evaluate one model, or compare two on the same images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError
from mobilenet_cli.evaluation import metrics
from mobilenet_cli.evaluation.classes import ClassFinder
from mobilenet_cli.evaluation.figures import (
    ClassAccuracy,
    Comparison,
    Confusion,
    Evaluation,
    Paired,
    Proportion,
    ReliabilityBin,
)
from mobilenet_cli.evaluation.outcomes import TOP_K, LabelledSource, Outcomes, collect
from mobilenet_cli.evaluation.truth import Truth, find_truths, translate, truth_of
from mobilenet_cli.records import Result, Source

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier

Observer = Callable[[Iterable[tuple[LabelledSource, Result]]], Iterable[tuple[LabelledSource, Result]]]
"""Yields the pairs that it is given, unchanged, and shows progress as they pass."""


def evaluate(
    classifier: Classifier,
    sources: Iterable[str | os.PathLike[str] | Source],
    truth: str | Truth = "folder",
    *,
    batch_size: int | None = None,
    workers: int | None = None,
    watch: Observer = iter,
) -> Evaluation:
    """Classify images whose true class is known, and measure how often the model is right.

    >>> from mobilenet_cli import Classifier, find_sources
    >>> from mobilenet_cli.evaluation import evaluate
    >>> evaluate(Classifier("efficientnet_lite0"), find_sources(["photos"])).top_1.value

    Every truth is looked up before the first image is opened.

    Args:
        classifier: The model.
        sources: Paths of images, or Sources.
        truth: "folder", "filename" or "csv:FILE" (see `truth_of`), or a function from a path to a class's
            label, wnid or index as text.
        batch_size: As `Classifier.classify` takes it.
        workers: As `Classifier.classify` takes it.
        watch: Yields each image with its result unchanged, to show progress.

    Raises:
        InputError: There are no images, or some have a missing, unknown or ambiguous truth.
    """
    images, truths, _ = _prepared(classifier, sources, truth)
    return _evaluation(classifier, _outcomes(classifier, images, truths, batch_size, workers, watch))


def compare(
    first: Classifier,
    second: Classifier,
    sources: Iterable[str | os.PathLike[str] | Source],
    truth: str | Truth = "folder",
    *,
    batch_size: int | None = None,
    workers: int | None = None,
    watch: Observer = iter,
) -> Comparison:
    """Evaluate two models on the same images, one after the other.

    The truth names classes of the first model. They are found in the second by wnid, else by label, so the
    models may have different sets of classes. A failed image counts as wrong.

    Args:
        first: The model whose classes `truth` names.
        second: The other model.
        sources: As in `evaluate`.
        truth: As in `evaluate`.
        batch_size: As in `evaluate`.
        workers: As in `evaluate`.
        watch: As in `evaluate`; called once per model.

    Raises:
        InputError: As in `evaluate`, or the second model lacks some of the true classes.
    """
    images, truths, finder = _prepared(first, sources, truth)
    others = translate(truths, _finder(second), finder)
    outcomes = (
        _outcomes(first, images, truths, batch_size, workers, watch),
        _outcomes(second, images, others, batch_size, workers, watch),
    )
    evaluations = _evaluation(first, outcomes[0]), _evaluation(second, outcomes[1])
    has_top_5 = all(each.top_5 is not None for each in evaluations)
    return Comparison(*evaluations, _paired(*outcomes, 1), _paired(*outcomes, TOP_K) if has_top_5 else None)


def _finder(classifier: Classifier) -> ClassFinder:
    return ClassFinder(classifier.labels, classifier.model.name)


def _prepared(
    classifier: Classifier, sources: Iterable[str | os.PathLike[str] | Source], truth: str | Truth
) -> tuple[list[Source], list[int], ClassFinder]:
    images = [each if isinstance(each, Source) else Source(os.fspath(each)) for each in sources]
    if not images:
        raise InputError("there are no images to evaluate")
    finder = _finder(classifier)
    return images, find_truths(images, truth_of(truth) if isinstance(truth, str) else truth, finder), finder


def _outcomes(
    classifier: Classifier,
    images: Sequence[Source],
    truths: Sequence[int],
    batch_size: int | None,
    workers: int | None,
    watch: Observer,
) -> Outcomes:
    labelled = (
        LabelledSource(image.path, image.data, image.error, truth) for image, truth in zip(images, truths, strict=True)
    )
    return collect(watch(classifier.classify_sources(labelled, top_k=TOP_K, batch_size=batch_size, workers=workers)))


def _evaluation(classifier: Classifier, outcomes: Outcomes) -> Evaluation:
    images, classes = len(outcomes.truth), classifier.labels
    correct = metrics.hits(outcomes.truth, outcomes.top, 1)
    in_five = metrics.hits(outcomes.truth, outcomes.top, TOP_K)
    per_class = [ClassAccuracy(*map(int, row)) for row in zip(*metrics.per_class(outcomes.truth, correct), strict=True)]
    confused = metrics.confusions(outcomes.truth, outcomes.top[:, 0])
    was_read = outcomes.top[:, 0] != metrics.FAILED
    bins = metrics.reliability(outcomes.score[was_read], correct[was_read])
    return Evaluation(
        model=classifier.model.name,
        image_size=classifier.model.image_size,
        classes=classes,
        images=images,
        failed=len(outcomes.failures),
        top_1=Proportion(int(correct.sum()), images),
        top_5=Proportion(int(in_five.sum()), images) if len(classes) > TOP_K else None,
        mean_class_accuracy=sum(each.correct / each.images for each in per_class) / len(per_class),
        per_class=tuple(per_class),
        confusions=tuple(Confusion(*map(int, row)) for row in zip(*confused, strict=True)),
        calibration_error=metrics.calibration_error(*bins) if was_read.any() else None,
        reliability=tuple(_bins(zip(*bins, strict=True))),
        images_per_second=images / outcomes.seconds,
        worst=outcomes.worst,
        failures=outcomes.failures,
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
