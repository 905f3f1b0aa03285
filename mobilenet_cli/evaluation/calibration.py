"""The temperature by which a model's logits are divided so that its scores mean what they say.

Fitted on photographs whose truth is known, and never on those that it is judged on. Two ways:

- `fit_temperature`: the least negative log-likelihood of the truths (Guo et al., On Calibration of Modern Neural
  Networks, 2017). It needs few photographs, and is right for scores on average.
- `fit_temperature_for_names`: the lowest temperature at which names keep the word of every `sure`. Likelihood
  alone does not promise that: a network trained with label smoothing gets a temperature below 1 by it, at which
  the names that are given at 0.9 are wrong more often than one in ten.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.engines.network_output import softmax
from mobilenet_cli.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.postprocess.naming import Named, Naming

LEAST, MOST = 0.25, 8.0
"""No temperature outside of these is fitted: networks that were trained at all lie well inside."""

SURES = (0.5, 0.7, 0.8, 0.9)
"""Where names are to keep their word."""

# The pull towards 1 is as strong as this many photographs: ln(temperature) has a standard deviation of a half.
_PRIOR_DEVIATION = 0.5
_ONE_SIDED_95 = 1.645
_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Fit:
    """A temperature that was fitted.

    Attributes:
        temperature: What the logits are to be divided by, above 0; 1 leaves the scores as they are.
        images: How many photographs it was fitted on.
        before: The mean negative log-likelihood of their truths at 1.
        after: The same at `temperature`.
    """

    temperature: float
    images: int
    before: float
    after: float


def scaled_softmax(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return softmax(logits / temperature) of each row of [N, classes], without overflow."""
    import numpy as np

    return softmax(np.asarray(logits, np.float64) / temperature)


def fit_temperature(logits: NDArray[np.floating], truths: Sequence[int] | Sequence[Sequence[int]]) -> Fit:
    """Fit a temperature by the likelihood of the truths, with a pull towards 1 that few photographs do not overcome.

    Args:
        logits: [N, classes].
        truths: Of each row the index of its true class; or, where the truth is a word, the indexes of all classes
            below it, whose scores then add up.

    Raises:
        InputError: There is no photograph, or one has no true class.
    """
    import numpy as np
    from scipy.optimize import minimize_scalar

    sets = [(truth,) if isinstance(truth, int | np.integer) else tuple(truth) for truth in truths]
    if not sets or len(sets) != len(logits) or not all(sets):
        raise InputError("a temperature is fitted on photographs that each have a true class")
    mask = np.zeros(logits.shape, bool)
    for row, classes in enumerate(sets):
        mask[row, list(classes)] = True

    def loss(log_temperature: float) -> float:
        return _negative_log_likelihood(logits, mask, math.exp(log_temperature)) * len(sets)

    def penalised(log_temperature: float) -> float:
        return loss(log_temperature) + (log_temperature / _PRIOR_DEVIATION) ** 2 / 2

    best = minimize_scalar(penalised, bounds=(math.log(LEAST), math.log(MOST)), method="bounded")
    at_best = float(best.x)
    return Fit(math.exp(at_best), len(sets), loss(0.0) / len(sets), loss(at_best) / len(sets))


def _negative_log_likelihood(logits: NDArray[np.floating], mask: NDArray[np.bool_], temperature: float) -> float:
    """Return the mean of -ln(sum of the scores in `mask`), from logits so that no score is rounded to 0."""
    import numpy as np

    scaled = np.asarray(logits, np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    whole = np.log(np.exp(scaled).sum(axis=1))
    within = np.where(mask, scaled, -np.inf)
    top = within.max(axis=1, keepdims=True)
    part = np.log(np.exp(within - top).sum(axis=1)) + top[:, 0]
    return float((whole - part).mean())


def fit_temperature_for_names(
    logits: NDArray[np.floating],
    is_right: Callable[[int, Named], bool],
    naming: Naming,
    *,
    sures: Sequence[float] = SURES,
    least: float = LEAST,
) -> float | None:
    """Return the lowest temperature at which names keep the word of every one of `sures`; None if none does.

    Kept means that the share of right names is at least `sure` even at the lower end of its one-sided 95 %
    confidence interval (Wilson's): so other photographs keep it too. The fewer photographs, the higher the result.

    Args:
        logits: [N, classes].
        is_right: Tells whether the name of a row, given by its number, is right. Called for named rows only.
        naming: Names the rows.
        sures: Where the names are to keep their word, each 0 to 1.
        least: The lowest temperature that is tried; what is tried rises in steps of 0.05, up to 8.
    """
    steps = range(math.ceil(least / _STEP - 1e-9), round(MOST / _STEP) + 1)
    for step in steps:
        scores = scaled_softmax(logits, step * _STEP)
        if all(_keeps(naming(scores, sure), is_right, sure) for sure in sures):
            return round(step * _STEP, 2)
    return None


def _keeps(names: Sequence[Named], is_right: Callable[[int, Named], bool], sure: float) -> bool:
    named = [(row, name) for row, name in enumerate(names) if name.label is not None]
    right = sum(is_right(row, name) for row, name in named)
    return lower_bound(right, len(named)) >= sure


def lower_bound(right: int, of: int) -> float:
    """Return the lower end of Wilson's one-sided 95 % confidence interval of a share, 0 to 1; 0 for none of none."""
    if not of:
        return 0.0
    z, share = _ONE_SIDED_95, right / of
    middle = share + z * z / (2 * of)
    return (middle - z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))) / (1 + z * z / of)
