"""What a set of Results holds, all in all: counted in one pass, in memory that grows with the classes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mobilenet_cli.records import Prediction, Result
from mobilenet_cli.text import printable

BINS = 20
"""Bars of the histogram of confidences: 5 % each."""


class Class(NamedTuple):
    """What identifies a class: labels alone repeat, and two models may number the same label otherwise.

    Attributes:
        label: Its name.
        wnid: Its WordNet id, or "".
        place: Its index in the model's output.
    """

    label: str
    wnid: str
    place: int


class Found(NamedTuple):
    """A class that is the best of some images.

    Attributes:
        number: Its place in `Summary.classes`.
        label: Its name.
        detail: Its wnid, or without one its place, if another class found has the same name, else "".
        images: How many images it is the best of.
    """

    number: int
    label: str
    detail: str
    images: int


@dataclass(slots=True)
class Summary:
    """Counts over Results.

    Attributes:
        images: All Results.
        failed: Those whose status is "error".
        unlabelled: Those that have neither failed nor a prediction (no score reached the threshold).
        classes: Every class that is predicted somewhere, and its number, from 0, by first appearance.
        models: Every model, and its number likewise.
        histogram: How many images there are whose highest score is in each twentieth from 0 to 1.
        pictures: How many images are shown, which whoever makes the page counts.
    """

    images: int = 0
    failed: int = 0
    unlabelled: int = 0
    classes: dict[Class, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    pictures: int = 0
    _best: Counter[Class] = field(default_factory=Counter)

    @classmethod
    def of(cls, results: Iterable[Result]) -> Summary:
        """Count `results`."""
        summary = cls()
        for result in results:
            summary._add(result)
        return summary

    def _add(self, result: Result) -> None:
        self.images += 1
        self.failed += result.status == "error"
        self.models.setdefault(result.model, len(self.models))
        for prediction in result.predictions:
            self.classes.setdefault(class_of(prediction), len(self.classes))
        if result.predictions:
            best = result.predictions[0]
            self._best[class_of(best)] += 1
            self.histogram[min(int(best.score * BINS), BINS - 1)] += 1
        elif result.status == "ok":
            self.unlabelled += 1

    def found(self) -> list[Found]:
        """Return the classes that are the best of some images, the most frequent first, then by name."""
        labels = Counter(each.label for each in self._best)
        ordered = sorted(self._best.items(), key=lambda pair: (-pair[1], pair[0]))
        return [
            Found(
                self.classes[each],
                each.label,
                (each.wnid or str(each.place)) if labels[each.label] > 1 else "",
                images,
            )
            for each, images in ordered
        ]


def class_of(prediction: Prediction) -> Class:
    """Return the class of a prediction, its names as a page can show them."""
    return Class(printable(prediction.label), printable(prediction.wnid), prediction.index)
