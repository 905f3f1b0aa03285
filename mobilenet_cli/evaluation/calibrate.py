"""Fitting a model's temperature to photographs whose true class is known."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.evaluation.calibration import fit_temperature, fit_temperature_for_names
from mobilenet_cli.evaluation.classes import ClassFinder
from mobilenet_cli.evaluation.truth import Truth, find_truths, truth_of
from mobilenet_cli.models.acquire import check_takes_temperature
from mobilenet_cli.postprocess.naming import Named
from mobilenet_cli.postprocess.outputs import RawOutput
from mobilenet_cli.records import Source
from mobilenet_cli.taxonomy import load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.classifier import Classifier

LEAST_IMAGES = 50
"""A temperature is fitted on at least as many photographs."""

MOST_IMAGES = 2000
"""Of more photographs, as many are drawn: one number needs no more, and their logits fit into memory."""

Observer = Callable[[Iterable[tuple[Source, RawOutput]]], Iterable[tuple[Source, RawOutput]]]
"""Yields the pairs that it is given, unchanged, and shows progress as they pass."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A temperature that was fitted to photographs.

    Attributes:
        temperature: The divisor of the model's logits, above 0.
        before: The temperature that the model had.
        images: How many photographs it was fitted on.
        names_keep_their_word: Whether these photographs show that, at this temperature, the share of right names is at
            least any `sure`. With few photographs they seldom do.
    """

    temperature: float
    before: float
    images: int
    names_keep_their_word: bool


def check_enough(images: int) -> None:
    """Check that a temperature can be fitted on a number of photographs.

    Raises:
        InputError: They are too few.
    """
    if images < LEAST_IMAGES:
        raise InputError(f"a temperature is fitted on at least {LEAST_IMAGES} readable photographs, not on {images}")


def calibrate(
    classifier: Classifier,
    sources: Iterable[str | os.PathLike[str] | Source],
    truth: str | Truth = "folder",
    *,
    batch_size: int | None = None,
    workers: int | None = None,
    watch: Observer = iter,
) -> Calibrated:
    """Fit a temperature to photographs whose true class is known. Nothing is written: see models.temperature.

    It is the lowest temperature that is at least that of the greatest likelihood and at which names keep the word of
    every `sure`. Where the photographs show that of none, often because they are few, it is that of the greatest
    likelihood, but not below the model's own: lower temperatures make scores higher.

    Args:
        classifier: The model.
        sources: Paths of images, or Sources. Of more than MOST_IMAGES, as many are drawn, the same each time.
        truth: As in `evaluate`.
        batch_size: As `Classifier.classify` takes it.
        workers: As `Classifier.classify` takes it.
        watch: Yields each image with its output unchanged, to show progress.

    Raises:
        InputError: There are too few readable photographs, or some have a missing, unknown or ambiguous truth, or the
            model puts out no logits.
        ModelError: The model's outputs are not finite numbers.
    """
    images = [each if isinstance(each, Source) else Source(os.fspath(each)) for each in sources]
    check_enough(len(images))
    check_takes_temperature(classifier.model)
    finder = ClassFinder(classifier.labels, classifier.model.name)
    truths = find_truths(images, truth_of(truth) if isinstance(truth, str) else truth, finder)
    chosen = _drawn(len(images))
    pairs = classifier.outputs_of((images[place] for place in chosen), batch_size=batch_size, workers=workers)
    logits, read = _logits(classifier, watch(pairs))
    kept = [truths[place] for place, is_read in zip(chosen, read, strict=True) if is_read]
    check_enough(len(kept))
    return _fitted(classifier, logits, kept)


def _drawn(images: int) -> Sequence[int]:
    if images <= MOST_IMAGES:
        return range(images)
    return sorted(random.Random(0).sample(range(images), MOST_IMAGES))  # noqa: S311 - no secret


def _logits(
    classifier: Classifier, pairs: Iterable[tuple[Source, RawOutput]]
) -> tuple[NDArray[np.float32], list[bool]]:
    """Return the logits float32 [N, classes] of the images that could be read, and of each whether it could."""
    import numpy as np

    rows = [record.output for _, record in pairs]
    read = [row for row in rows if row is not None]
    outputs = np.stack(read) if read else np.empty((0, len(classifier.labels)), np.float32)
    if not np.isfinite(outputs).all():
        raise ModelError("the model's outputs are not finite numbers; its weights are damaged")
    return outputs, [row is not None for row in rows]


def _fitted(classifier: Classifier, logits: NDArray[np.float32], truths: Sequence[int]) -> Calibrated:
    likely = fit_temperature(logits, truths).temperature
    right = [_right_names(classifier, truth) for truth in truths]

    def is_right(row: int, name: Named) -> bool:
        assert name.label is not None  # noqa: S101 - only named rows are asked about
        return (name.label.wnid or name.label.label) in right[row]

    kept = fit_temperature_for_names(logits, is_right, classifier.naming, least=likely)
    before = classifier.temperature
    temperature = max(likely, before) if kept is None else kept
    return Calibrated(round(temperature, 3), before, len(truths), kept is not None)


def _right_names(classifier: Classifier, truth: int) -> frozenset[str]:
    """Return the wnids of the names that are right for a class: its own, those above and below it.

    Of a class without a wnid, return its label.
    """
    name, taxonomy = classifier.labels[truth], load()
    if not name.wnid:
        return frozenset({name.label})
    return taxonomy.above(name.wnid) | {name.wnid} | taxonomy.classes_below(name.wnid)
