"""Collecting the results of labelled images in arrays of a few bytes per image."""

from __future__ import annotations

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
"""The number of mistakes that are the worst."""


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
        best: int32 [N], the index of the best class itself, also where it is right for a word; FAILED where there is
            none.
        score: float64 [N], the score of the best class, 0 to 1; NaN where the image failed.
        failures: The images that failed, in their order.
        mistakes: The images whose best class is wrong, the highest score first; of equals the earlier image.
        seconds: Time from requesting the first result to receiving the last.
    """

    truth: NDArray[np.int32]
    top: NDArray[np.int32]
    best: NDArray[np.int32]
    score: NDArray[np.float64]
    failures: tuple[FailedImage, ...]
    mistakes: tuple[Mistake, ...]
    seconds: float


def collect(pairs: Iterable[tuple[LabelledSource, NamedResult]], names: NamesTally) -> Outcomes:
    """Collect the outcomes; the records themselves are not kept, but for the paths of mistakes and failures.

    Args:
        pairs: Each image with its record, which has at least five predictions if there are as many classes.
        names: Counts the names.
    """
    import numpy as np

    begin = time.perf_counter()
    truths, top, bests, score = array("i"), array("i"), array("i"), array("d")
    failures: list[FailedImage] = []
    mistakes: list[Mistake] = []
    for source, result in pairs:
        truth, right = source.target.index, source.target.classes
        truths.append(truth)
        names.add(source.target, result.names)
        indexes = [truth if each.index in right else each.index for each in result.predictions[:TOP_K]]
        top.extend(indexes + [FAILED] * (TOP_K - len(indexes)))
        if not indexes:
            failures.append(FailedImage(result.path, truth, result.error or "no prediction"))
            bests.append(FAILED)
            score.append(np.nan)
            continue
        bests.append(result.predictions[0].index)
        best = result.predictions[0].score
        score.append(best)
        if indexes[0] != truth:
            rank = indexes.index(truth) + 1 if truth in indexes else None
            mistakes.append(Mistake(result.path, truth, indexes[0], best, rank))
    return Outcomes(
        truth=np.array(truths, np.int32),
        top=np.array(top, np.int32).reshape(-1, TOP_K),
        best=np.array(bests, np.int32),
        score=np.array(score, np.float64),
        failures=tuple(failures),
        mistakes=tuple(sorted(mistakes, key=lambda mistake: -mistake.score)),
        seconds=time.perf_counter() - begin,
    )
