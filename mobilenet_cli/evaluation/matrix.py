"""A confusion matrix small enough to read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mobilenet_cli.evaluation.figures import Evaluation

LARGEST = 20
"""The most classes that fit on a page."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """The predictions for the images of one class.

    Attributes:
        truth: The class's index.
        cells: Number of images labelled as each of the matrix's classes.
        others: Number labelled as a class that the matrix does not show.
        failed: Number that could not be read.
        images: Number of images: the sum of the above.
    """

    truth: int
    cells: tuple[int, ...]
    others: int
    failed: int
    images: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix, or part of one.

    Attributes:
        classes: The columns: indexes of classes.
        rows: The rows: the classes among `classes` that have images.
        is_whole: Whether it shows every class that has images or was predicted.
    """

    classes: tuple[int, ...]
    rows: tuple[MatrixRow, ...]
    is_whole: bool


def confusion_matrix(evaluation: Evaluation) -> Matrix:
    """Return the matrix of all classes or, if there are more than LARGEST, of those confused most often."""
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
            rows.append(MatrixRow(row.index, cells, others, failed[row.index], row.images))
    return Matrix(shown, tuple(rows), is_whole)
