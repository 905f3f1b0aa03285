"""Counts over Results, made in one pass; memory grows only with the number of classes and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mobilenet_cli.html.kinds import Kinds
from mobilenet_cli.html.title import common_folder
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Prediction, Result
from mobilenet_cli.remote.urls import is_web, scheme_of
from mobilenet_cli.text import printable

BINS = 20
"""Bars of the confidence histogram, 5 % each."""


class ClassKey(NamedTuple):
    """The identity of a class: labels repeat, and two models may number the same label differently.

    Attributes:
        label: Its name.
        wnid: Its WordNet id, or "".
        place: Its index in the model's output.
    """

    label: str
    wnid: str
    place: int


class FoundClass(NamedTuple):
    """A class that is the best label of some images.

    Attributes:
        number: Its place in `Summary.classes`.
        label: Its name.
        detail: "" unless another class found has the same name; then its wnid or, without one, its place.
        images: Number of images whose best label it is.
    """

    number: int
    label: str
    detail: str
    images: int


@dataclass(slots=True)
class Summary:
    """Counts over Results.

    Attributes:
        images: Number of Results.
        failed: Results whose status is "error".
        warned: Results with a warning.
        unlabelled: Results without an error, a prediction (no score reached the threshold) or a sure label.
        kinds: The sure labels and their kinds; none where the results are of a version without them.
        classes: The number, from 0, of each predicted class, in order of appearance.
        models: The number, from 0, of each model, in order of appearance.
        histogram: Number of images whose highest score lies in each twentieth from 0 to 1.
        folder: The folder that all paths begin with, ending in "/", or ""; None where there is no path of a file.
        schemes: The protocols of the images on web servers, such as "https:".
        pictures: Number of thumbnails; counted by the code that writes the page.
    """

    images: int = 0
    failed: int = 0
    warned: int = 0
    unlabelled: int = 0
    classes: dict[ClassKey, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    folder: str | None = None
    schemes: set[str] = field(default_factory=set)
    pictures: int = 0
    kinds: Kinds = field(default_factory=Kinds)
    _best: Counter[ClassKey] = field(default_factory=Counter)

    @classmethod
    def of(cls, results: Iterable[Result]) -> Summary:
        """Count `results`."""
        summary = cls()
        for result in results:
            summary._add(result)
        return summary

    def _add(self, result: Result) -> None:
        self.images += 1
        if result.path != STDIN:
            self.folder = common_folder(self.folder, result.path)
        if is_web(result.path):
            self.schemes.add(f"{scheme_of(result.path)}:")
        self.failed += result.status == "error"
        self.warned += result.warning is not None
        self.kinds.add(result)
        self.models.setdefault(result.model, len(self.models))
        for prediction in result.predictions:
            self.classes.setdefault(class_of(prediction), len(self.classes))
        if result.predictions:
            best = result.predictions[0]
            self._best[class_of(best)] += 1
            self.histogram[min(int(best.score * BINS), BINS - 1)] += 1
        elif result.status == "ok" and result.label is None:
            self.unlabelled += 1

    @property
    def unnamed(self) -> int:
        """Number of Results without an error or a sure label."""
        return self.images - self.failed - self.kinds.labelled

    def found(self) -> list[FoundClass]:
        """Return the classes that are the best label of some images, the most frequent first, then by name."""
        labels = Counter(each.label for each in self._best)
        ordered = sorted(self._best.items(), key=lambda pair: (-pair[1], pair[0]))
        return [
            FoundClass(
                self.classes[each],
                each.label,
                (each.wnid or str(each.place)) if labels[each.label] > 1 else "",
                images,
            )
            for each, images in ordered
        ]


def class_of(prediction: Prediction) -> ClassKey:
    """Return the class of a prediction, with names that a page can show."""
    return ClassKey(printable(prediction.label), printable(prediction.wnid), prediction.index)
