"""Results of images whose truth is known → arrays: a few bytes an image, however many there are."""

from __future__ import annotations

import heapq
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.evaluation.metrics import FAILED
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.records import Result

TOP_K = 5
WORST = 24
"""How many mistakes are kept with their paths."""


@dataclass(frozen=True, slots=True)
class LabelledSource(Source):
    """An image whose true class is known.

    Attributes:
        truth: The index of that class among the model's.
    """

    truth: int = FAILED


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image that was taken for something else.

    Attributes:
        path: The image's path.
        truth: The index of its true class.
        predicted: The index of the class it was taken for.
        score: The score of that class, 0 to 1.
        rank: The rank of the true class among the first five, 2 to 5, or None.
    """

    path: str
    truth: int
    predicted: int
    score: float
    rank: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that could not be read.

    Attributes:
        path: The image's path.
        truth: The index of its true class.
        error: One line that says why.
    """

    path: str
    truth: int
    error: str


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What a model said of N images, and what is true.

    Attributes:
        truth: int32 [N], the index of each image's true class.
        top: int32 [N, 5], the indexes of the best classes, best first; FAILED where there are none.
        score: float64 [N], the score of the best class; NaN where the image failed.
        failures: The images that failed.
        worst: The mistakes with the highest scores, the highest first.
        seconds: The time from asking for the first result to having the last.
    """

    truth: NDArray[np.int32]
    top: NDArray[np.int32]
    score: NDArray[np.float64]
    failures: tuple[Failure, ...]
    worst: tuple[Mistake, ...]
    seconds: float


def collect(pairs: Iterable[tuple[LabelledSource, Result]]) -> Outcomes:
    """Gather the outcomes, without keeping the records.

    Args:
        pairs: Each image, and its Result of five predictions at least, or of as many as there are classes.
    """
    import numpy as np

    begin = time.perf_counter()
    truths, top, score = array("i"), array("i"), array("d")
    failures: list[Failure] = []
    worst: list[tuple[float, int, Mistake]] = []
    for order, (source, result) in enumerate(pairs):
        truth = source.truth
        truths.append(truth)
        indexes = [each.index for each in result.predictions[:TOP_K]]
        top.extend(indexes + [FAILED] * (TOP_K - len(indexes)))
        if not indexes:
            failures.append(Failure(result.path, truth, result.error or "no prediction"))
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
