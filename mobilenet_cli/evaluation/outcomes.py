"""Collecting the results of labelled images in arrays of a few bytes per image."""

from __future__ import annotations

import heapq
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.evaluation.metrics import FAILED
from mobilenet_cli.evaluation.targets import UNKNOWN, Target
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.evaluation.names import NamesTally
    from mobilenet_cli.postprocess.naming_at_each import NamedResult

TOP_K = 5
WORST = 24
"""The number of mistakes that are kept with their paths."""


@dataclass(frozen=True, slots=True)
class LabelledSource(Source):
    """An image of which is known what it shows.

    Attributes:
        target: What it shows.
    """

    target: Target = UNKNOWN


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image whose best class is wrong.

    Attributes:
        path: The image's path.
        truth: The index of what it shows.
        predicted: The index of its best class.
        score: The score of its best class, 0 to 1.
        rank: The rank of the first class that is right, 2 to 5, or None if none is not among the best five.
    """

    path: str
    truth: int
    predicted: int
    score: float
    rank: int | None


@dataclass(frozen=True, slots=True)
class FailedImage:
    """An image that could not be read.

    Attributes:
        path: The image's path.
        truth: The index of what it shows.
        error: The reason, in one line.
    """

    path: str
    truth: int
    error: str


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What N images show and a model's predictions for them. Every index is that of a Target.

    Attributes:
        truth: int32 [N], the index of what each image shows.
        top: int32 [N, 5], the indexes of the best classes, best first; FAILED where there are none. A class that is
            right for a word has the word's index here.
        score: float64 [N], the score of the best class, 0 to 1; NaN where the image failed.
        failures: The images that failed.
        worst: The mistakes with the highest scores, the highest first.
        seconds: Time from requesting the first result to receiving the last.
    """

    truth: NDArray[np.int32]
    top: NDArray[np.int32]
    score: NDArray[np.float64]
    failures: tuple[FailedImage, ...]
    worst: tuple[Mistake, ...]
    seconds: float


def collect(pairs: Iterable[tuple[LabelledSource, NamedResult]], names: NamesTally) -> Outcomes:
    """Collect the outcomes; the records themselves are not kept.

    Args:
        pairs: Each image with its record, which has at least five predictions if there are as many classes.
        names: Counts the names.
    """
    import numpy as np

    begin = time.perf_counter()
    truths, top, score = array("i"), array("i"), array("d")
    failures: list[FailedImage] = []
    worst: list[tuple[float, int, Mistake]] = []
    for order, (source, result) in enumerate(pairs):
        truth, right = source.target.index, source.target.classes
        truths.append(truth)
        names.add(source.target, result.names)
        indexes = [truth if each.index in right else each.index for each in result.predictions[:TOP_K]]
        top.extend(indexes + [FAILED] * (TOP_K - len(indexes)))
        if not indexes:
            failures.append(FailedImage(result.path, truth, result.error or "no prediction"))
            score.append(np.nan)
            continue
        best = result.predictions[0].score
        score.append(best)
        if indexes[0] != truth and (len(worst) < WORST or best > worst[0][0]):
            rank = indexes.index(truth) + 1 if truth in indexes else None
            keep = heapq.heappush if len(worst) < WORST else heapq.heapreplace
            keep(worst, (best, -order, Mistake(result.path, truth, indexes[0], best, rank)))
    return Outcomes(
        truth=np.array(truths, np.int32),
        top=np.array(top, np.int32).reshape(-1, TOP_K),
        score=np.array(score, np.float64),
        failures=tuple(failures),
        worst=tuple(mistake for *_, mistake in sorted(worst, reverse=True)),
        seconds=time.perf_counter() - begin,
    )
