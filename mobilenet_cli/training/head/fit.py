"""Multinomial logistic regression on standardised features, which fits the head and chooses its regularisation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.training.split import Split

STRENGTHS = tuple(10.0**exponent for exponent in range(-4, 4))
"""The values of C to try: the inverse of the regularisation's strength in scikit-learn's LogisticRegression."""

_ITERATIONS = 1000
_WORSE_IN_A_ROW = 2  # values of C after which to stop: the loss has a single minimum


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """A head: logits = features @ kernel + bias. The standardisation of the features is folded into both.

    Attributes:
        kernel: float32 [features, classes].
        bias: float32 [classes].
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]

    def log_probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-softmax of the logits of features, float32 [N, features], as float64 [N, classes]."""
        import numpy as np

        logits = (features @ self.kernel + self.bias).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        shifted: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return shifted


@dataclass(frozen=True, slots=True)
class Score:
    """How well images are classified.

    Attributes:
        loss: Cross-entropy, the mean of −ln of the true class's probability.
        accuracy: Fraction of the images whose best class is the true one, 0 to 1.
    """

    loss: float
    accuracy: float

    @classmethod
    def of(cls, log_probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> Score:
        """Score log-probabilities, float64 [N, classes], against the true classes, int64 [N]."""
        import numpy as np

        true = log_probabilities[np.arange(len(labels)), labels]
        return cls(float(-true.mean()), float((log_probabilities.argmax(axis=1) == labels).mean()))


@dataclass(frozen=True, slots=True)
class Candidate:
    """The scores of one value of C on the training and the validation images, over all folds together."""

    c: float
    training: Score
    validation: Score


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The best head, and the search for it.

    Attributes:
        head: The best head.
        best: Its C and scores. With cross-validation, the scores are those of the folds' heads.
        candidates: Every C that was tried, ascending.
        interrupted: Whether Ctrl-C ended the search.
        validation_logits: float64 [N, classes], what the best C's heads say of the validation images: logits less a
            constant in each row. With cross-validation, each image's are those of the head that has not seen it.
        validation_labels: int64 [N], the true classes of these images.
    """

    head: LinearHead
    best: Candidate
    candidates: tuple[Candidate, ...]
    interrupted: bool
    validation_logits: NDArray[np.float64]
    validation_labels: NDArray[np.int64]


def fit_head(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    splits: Sequence[Split],
    on_candidate: Callable[[int, int], None] = lambda done, total: None,
) -> Fit:
    """Return the head of the C with the lowest validation loss, or the smallest such C.

    With one split, the head is the one that was validated. With several (cross-validation), the C is the best over
    all folds, and the head is fitted to all images. The same arguments give the same head. After Ctrl-C, the best
    head so far is returned.

    Args:
        features: float32 [N, features].
        labels: int64 [N], the class of each image, from 0. Every class is among the training images of every split.
        splits: The training and validation images: one split, or one per fold.
        on_candidate: Called before each C: how many were tried, of how many at most.

    Raises:
        KeyboardInterrupt: Ctrl-C came before the first C was tried.
    """
    import sklearn.linear_model  # noqa: F401 - takes a second, which is no part of the first fit

    tried: list[Candidate] = []
    best: tuple[Candidate, list[LinearHead]] | None = None
    interrupted = False
    try:
        for done, c in enumerate(STRENGTHS):
            on_candidate(done, len(STRENGTHS))
            heads = [_fitted(features[train], labels[train], c) for train, _ in splits]
            candidate = Candidate(
                c,
                training=Score.of(*_judged(heads, features, labels, [train for train, _ in splits])),
                validation=Score.of(*_judged(heads, features, labels, [validation for _, validation in splits])),
            )
            tried.append(candidate)
            if best is None or candidate.validation.loss < best[0].validation.loss:
                best = candidate, heads
            if _gets_worse(tried):
                break
    except KeyboardInterrupt:
        if best is None:
            raise
        interrupted = True
    assert best is not None  # noqa: S101 - there are values of C
    chosen, heads = best
    judged = _judged(heads, features, labels, [validation for _, validation in splits])
    head = heads[0] if len(splits) == 1 else _fitted(features, labels, chosen.c)
    return Fit(head, chosen, tuple(tried), interrupted, *judged)


def _gets_worse(tried: list[Candidate]) -> bool:
    losses = [candidate.validation.loss for candidate in tried[-_WORSE_IN_A_ROW - 1 :]]
    return len(losses) > _WORSE_IN_A_ROW and all(a < b for a, b in pairwise(losses))


def _fitted(features: NDArray[np.float32], labels: NDArray[np.int64], c: float) -> LinearHead:
    """Fit a head to features, float32 [N, features], with the classes `labels`, int64 [N]."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    mean, deviation = features.mean(axis=0, dtype=np.float64), _deviation(features)
    standardised = ((features - mean) / deviation).astype(np.float32)
    # Each C starts from zero. From another C's solution it would end elsewhere, since L-BFGS stops when the gradient
    # is small. With separable classes, stopping there regularises too, and well: solved further, heads fitted to few
    # images classify other images worse.
    regression = LogisticRegression(C=c, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it does not converge, its last step is used
        regression.fit(standardised, labels)
    coefficients, intercepts = regression.coef_.T.astype(np.float64), regression.intercept_.astype(np.float64)
    if coefficients.shape[1] == 1:  # two classes: scikit-learn gives the difference of the logits
        coefficients, intercepts = coefficients * (-0.5, 0.5), intercepts * (-0.5, 0.5)
    kernel = coefficients / deviation[:, None]
    return LinearHead(kernel.astype(np.float32), (intercepts - mean @ kernel).astype(np.float32))


def _deviation(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the divisors that standardise features [N, features], float64 [features].

    They are the standard deviations, computed as if there were one more image in which each feature deviates as the
    median feature does. With many images that changes nothing. With a handful, some feature is nearly constant by
    chance; divided by its tiny deviation, it would outweigh all others in the first image where it differs.
    """
    import numpy as np

    variance = features.var(axis=0, dtype=np.float64)
    varying = variance[variance > 0]
    typical = float(np.median(varying)) if varying.size else 1.0
    deviation: NDArray[np.float64] = np.sqrt((len(features) * variance + typical) / (len(features) + 1))
    return deviation


def _judged(
    heads: Sequence[LinearHead],
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    places: Sequence[NDArray[np.int64]],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the log-probabilities and labels of all images that heads classify: each head those at its `places`."""
    import numpy as np

    scores = [head.log_probabilities(features[some]) for head, some in zip(heads, places, strict=True)]
    return np.concatenate(scores), np.concatenate([labels[some] for some in places])
