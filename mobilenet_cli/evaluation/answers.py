"""What the images of an evaluation show, and what the model says: by index, and by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mobilenet_cli.records import ClassName


@dataclass(frozen=True, slots=True)
class Answer:
    """What an image shows, and what the model says.

    Attributes:
        path: The image's path.
        truth: The index of what it shows.
        predicted: The index of its best class; None where the image could not be read.
        score: The score of its best class, 0 to 1; None where the image could not be read.
        rank: The rank of the first class that is right, 1 to 5; None if none is among the best five.
        error: Why the image could not be read, or None.
    """

    path: str
    truth: int
    predicted: int | None
    score: float | None
    rank: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class PredictedImage:
    """One image of an Evaluation: the row that `evaluate --predictions` writes of it.

    Attributes:
        path: The image's path.
        truth: The label of what it shows.
        truth_wnid: Its WordNet id, or None.
        prediction: The label of its best class; None where the image could not be read.
        prediction_wnid: Its WordNet id, or None.
        score: The score of its best class, 0 to 1; None where the image could not be read.
        right: Whether its best class is right.
        rank_of_truth: The rank of the first class that is right, 1 to 5; None if none is among the best five.
        error: Why the image could not be read, or None.
        model: The model's name.
    """

    path: str
    truth: str
    truth_wnid: str | None
    prediction: str | None
    prediction_wnid: str | None
    score: float | None
    right: bool
    rank_of_truth: int | None
    error: str | None
    model: str


def predicted(answer: Answer, name: Callable[[int], ClassName], model: str) -> PredictedImage:
    """Return an answer with names, which `name` returns of indexes."""
    truth = name(answer.truth)
    best = None if answer.predicted is None else name(answer.predicted)
    return PredictedImage(
        path=answer.path,
        truth=truth.label,
        truth_wnid=truth.wnid or None,
        prediction=None if best is None else best.label,
        prediction_wnid=None if best is None else best.wnid or None,
        score=answer.score,
        right=answer.rank == 1,
        rank_of_truth=answer.rank,
        error=answer.error,
        model=model,
    )
