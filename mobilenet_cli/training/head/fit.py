"""Multinomial logistic regression on standardised features: the head, and how much it is regularised."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.training.split import Part

STRENGTHS = tuple(10.0**exponent for exponent in range(-4, 4))
"""Values of C, the inverse of the regularisation's strength (scikit-learn's LogisticRegression), that are tried."""

_ITERATIONS = 1000
_WORSE_IN_A_ROW = 2  # values of C, after which larger ones are not tried: the loss has but one valley


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """logits = features @ kernel + bias, the standardisation of the features folded into both.

    Attributes:
        kernel: float32 [features, classes].
        bias: float32 [classes].
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    def log_probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the logarithm of the softmax of the logits of [N, features], float64 [N, classes]."""
        import numpy as np

        logits = (features @ self.kernel + self.bias).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        shifted: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return shifted


@dataclass(frozen=True, slots=True)
class Score:
    """How well images were classified: the mean of −ln of the true class's score, and the fraction that is right."""

    loss: float
    accuracy: float

    @classmethod
    def of(cls, log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> Score:
        """Compare scores, as logarithms [N, classes], with the classes, int64 [N]."""
        import numpy as np

        true = log_probabilities[np.arange(len(labels)), labels]
        return cls(float(-true.mean()), float((log_probabilities.argmax(axis=1) == labels).mean()))


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one value of C came to, on the images learnt from and on those that validate (of all folds together)."""

    c: float
    training: Score
    validation: Score


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The best head, and what was tried.

    Attributes:
        head: The best.
        best: What it came to. Of cross-validation: what the heads of its C came to.
        candidates: Every C that was tried, ascending.
        interrupted: Whether Ctrl-C ended the search.
    """

    head: LinearHead
    best: Candidate
    candidates: tuple[Candidate, ...]
    interrupted: bool


def fit_head(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    parts: Sequence[Part],
    on_candidate: Callable[[int, int], None] = lambda done, total: None,
) -> Fit:
    """Choose the C whose validation loss is lowest, the smaller of equal ones, and return its head.

    Of one part, the head is the one that was validated. Of several (cross-validation), it learns from all the
    images, with the C that is best over all folds. The same arguments give the same head. After Ctrl-C
    the best so far is returned.

    Args:
        features: float32 [N, features].
        labels: int64 [N], the class of each, from 0; every class is in every part's training images.
        parts: The places of the training and of the validation images, once or a fold.
        on_candidate: Told how many values of C were tried, and how many there are.

    Raises:
        KeyboardInterrupt: Ctrl-C came before the first was tried.
    """
    import sklearn.linear_model  # noqa: F401 - which takes a second, and is no part of the first fit

    tried: list[Candidate] = []
    best: tuple[Candidate, LinearHead] | None = None
    interrupted = False
    try:
        for done, c in enumerate(STRENGTHS):
            on_candidate(done, len(STRENGTHS))
            heads = [_fitted(features[train], labels[train], c) for train, _ in parts]
            tried.append(Candidate(c, *(_score(features, labels, heads, parts, side) for side in (0, 1))))
            if best is None or tried[-1].validation.loss < best[0].validation.loss:
                best = tried[-1], heads[0]
            if _gets_worse(tried):
                break
    except KeyboardInterrupt:
        if best is None:
            raise
        interrupted = True
    assert best is not None  # noqa: S101 - there are values of C
    chosen, head = best
    if len(parts) > 1:
        head = _fitted(features, labels, chosen.c)
    return Fit(head, chosen, tuple(tried), interrupted)


def _gets_worse(tried: list[Candidate]) -> bool:
    losses = [candidate.validation.loss for candidate in tried[-_WORSE_IN_A_ROW - 1 :]]
    return len(losses) > _WORSE_IN_A_ROW and all(a < b for a, b in pairwise(losses))


def _fitted(features: NDArray[np.float32], labels: NDArray[np.int64], c: float) -> LinearHead:
    """Fit a head to all of [N, features]."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    mean, deviation = features.mean(axis=0, dtype=np.float64), _deviation(features)
    standardised = ((features - mean) / deviation).astype(np.float32)
    # Each C starts from zero. From the solution of another it would end elsewhere, since L-BFGS stops when the
    # gradient is small; of separable classes, that is a regularisation of its own, and a good one: solved further,
    # heads of few images classify other images less well.
    regression = LogisticRegression(C=c, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge: then that is where it stopped
        regression.fit(standardised, labels)
    coefficients, intercepts = regression.coef_.T.astype(np.float64), regression.intercept_.astype(np.float64)
    if coefficients.shape[1] == 1:  # of two classes, it is given the difference of the logits
        coefficients, intercepts = coefficients * (-0.5, 0.5), intercepts * (-0.5, 0.5)
    kernel = coefficients / deviation[:, None]
    return LinearHead(kernel.astype(np.float32), (intercepts - mean @ kernel).astype(np.float32))


def _deviation(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what each of [N, features] is divided by, float64 [features].

    It is the standard deviation, as though there were one image more in which each feature deviates as the median
    feature does. Of many images that changes nothing. Of a handful some feature is nearly the same in all by
    chance, and divided by that little it would outweigh all the others in the first image where it is not.
    """
    import numpy as np

    variance = features.var(axis=0, dtype=np.float64)
    varying = variance[variance > 0]
    typical = float(np.median(varying)) if varying.size else 1.0
    deviation: NDArray[np.float64] = np.sqrt((len(features) * variance + typical) / (len(features) + 1))
    return deviation


def _score(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    heads: Sequence[LinearHead],
    parts: Sequence[Part],
    side: int,
) -> Score:
    """Return the score of the heads on one side of each one's part, over all of these images."""
    import numpy as np

    scores = [head.log_probabilities(features[part[side]]) for head, part in zip(heads, parts, strict=True)]
    return Score.of(np.concatenate(scores), np.concatenate([labels[part[side]] for part in parts]))
