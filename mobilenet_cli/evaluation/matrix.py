"""The part of a confusion matrix that a person can read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mobilenet_cli.evaluation.figures import Evaluation

LARGEST = 20
"""Classes that fit on a page."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the images of one class.

    Attributes:
        truth: The class's index.
        cells: How many were taken for each of the matrix's classes.
        others: How many were taken for a class that it does not show.
        failed: How many could not be read.
        images: How many there are: the sum of the others.
    """

    truth: int
    cells: tuple[int, ...]
    others: int
    failed: int
    images: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix, or a part of one.

    Attributes:
        classes: The indexes of the classes of its columns.
        rows: Those of the classes that have images.
        is_whole: Whether it shows all classes that have images or were predicted.
    """

    classes: tuple[int, ...]
    rows: tuple[Row, ...]
    is_whole: bool


def confusion_matrix(evaluation: Evaluation) -> Matrix:
    """Return the matrix of all classes, or of the pairs that were confused most where they are more than LARGEST."""
    classes = {each.index for each in evaluation.per_class} | {each.predicted for each in evaluation.confusions}
    is_whole = len(classes) <= LARGEST
    if not is_whole:
        classes = set()
        for each in evaluation.confusions:
            if len(classes | {each.truth, each.predicted}) <= LARGEST:
                classes |= {each.truth, each.predicted}
    shown = tuple(sorted(classes))
    counts = Counter({(each.truth, each.predicted): each.images for each in evaluation.confusions})
    counts.update({(each.index, each.index): each.correct for each in evaluation.per_class})
    failed = Counter(each.truth for each in evaluation.failures)
    rows = []
    for row in evaluation.per_class:
        if row.index in classes:
            cells = tuple(counts[row.index, index] for index in shown)
            others = row.images - sum(cells) - failed[row.index]
            rows.append(Row(row.index, cells, others, failed[row.index], row.images))
    return Matrix(shown, tuple(rows), is_whole)
