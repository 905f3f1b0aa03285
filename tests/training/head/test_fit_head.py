from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mobilenet_cli.training.head.fit import STRENGTHS, fit_head


def examples(classes: int, noise: float = 1.5, each: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = np.arange(each * classes) % classes
    features = random.normal(size=(classes, 12))[labels] + noise * random.normal(size=(len(labels), 12))
    features = features * random.uniform(0.3, 3, 12) + 5
    features[:, 3] = 0.1  # a unit that is dead
    return features.astype(np.float32), labels


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_the_head_is_that_of_scikit_learn_on_standardised_features_with_the_best_c(classes: int) -> None:
    features, labels = examples(classes, each=400)
    train, validation = np.arange(0, len(labels) // 2), np.arange(len(labels) // 2, len(labels))
    fit = fit_head(features, labels, [(train, validation)])

    def reference(c: float) -> np.ndarray:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=1000))
        model.fit(features[train].astype(np.float64), labels[train])
        return model.predict_proba(features[validation].astype(np.float64))

    losses = {c: log_loss(labels[validation], reference(c)) for c in STRENGTHS}
    assert fit.best.c == min(losses, key=losses.__getitem__)
    assert [each.validation.loss for each in fit.candidates] == pytest.approx(
        [losses[each.c] for each in fit.candidates], rel=0.02
    )
    scores = np.exp(fit.head.log_probabilities(features[validation]))
    np.testing.assert_allclose(scores, reference(fit.best.c), atol=0.01)
    assert fit.best.validation.accuracy == accuracy_score(labels[validation], scores.argmax(1))
    assert fit.head.kernel.dtype == np.float32
    assert fit.head.kernel.shape == (12, classes)


def test_what_happens_to_vary_little_in_a_handful_of_images_does_not_decide() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(404) % 2
    features = random.normal(size=(404, 40)) + 2 * labels[:, None]
    features[:, 20:] = random.normal(size=(404, 20))  # half of them tell nothing,
    features[:4, 20:] *= 1e-5  # and are the same in the images that are learnt from
    fit = fit_head(features.astype(np.float32), labels, [(np.arange(4), np.arange(4, 404))])
    assert fit.best.validation.accuracy > 0.95


def test_what_gets_worse_is_not_followed_further() -> None:
    features, labels = examples(3, noise=4)
    fit = fit_head(features, labels, [(np.arange(20), np.arange(20, len(labels)))])
    assert len(fit.candidates) < len(STRENGTHS)
    assert fit.best in fit.candidates


def test_the_same_images_give_the_same_head() -> None:
    features, labels = examples(4)
    part = (np.arange(80), np.arange(80, 160))
    one, other = fit_head(features, labels, [part]), fit_head(features, labels, [part])
    assert one.head.kernel.tobytes() == other.head.kernel.tobytes()
    assert one.head.bias.tobytes() == other.head.bias.tobytes()


def test_cross_validation_scores_each_image_by_a_head_that_has_not_seen_it() -> None:
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(60, 300)).astype(np.float32), np.arange(60) % 2  # nothing to learn
    folds = [
        (np.flatnonzero(np.arange(60) // 12 != fold), np.flatnonzero(np.arange(60) // 12 == fold)) for fold in range(5)
    ]
    fit = fit_head(features, labels, folds)
    assert fit.best.validation.accuracy < 0.7
    everything = fit.head.log_probabilities(features).argmax(1)
    assert (everything == labels).mean() > 0.95  # the head that is kept has seen them all


def test_ctrl_c_keeps_the_best_so_far() -> None:
    features, labels = examples(3)
    part = (np.arange(60), np.arange(60, 120))

    def interrupt_at(step: int):
        def on_candidate(done: int, total: int) -> None:
            assert total == len(STRENGTHS)
            if done == step:
                raise KeyboardInterrupt

        return on_candidate

    fit = fit_head(features, labels, [part], interrupt_at(2))
    assert fit.interrupted
    assert [each.c for each in fit.candidates] == list(STRENGTHS[:2])
    assert fit.best == min(fit.candidates, key=lambda each: each.validation.loss)
    with pytest.raises(KeyboardInterrupt):
        fit_head(features, labels, [part], interrupt_at(0))


def test_the_validation_logits_are_those_of_heads_that_have_not_seen_the_image() -> None:
    features, labels = examples(3, noise=3)
    folds = [
        (np.flatnonzero(np.arange(120) // 30 != fold), np.flatnonzero(np.arange(120) // 30 == fold))
        for fold in range(4)
    ]
    fit = fit_head(features, labels, folds)
    assert fit.validation_labels.tolist() == labels.tolist()  # each image once, and the folds are in order here
    scores = np.exp(fit.validation_logits)
    scores /= scores.sum(axis=1, keepdims=True)
    assert log_loss(labels, scores) == pytest.approx(fit.best.validation.loss)
    for train, validation in folds:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=fit.best.c, max_iter=1000))
        model.fit(features[train].astype(np.float64), labels[train])
        reference = model.predict_proba(features[validation].astype(np.float64))
        np.testing.assert_allclose(scores[validation], reference, atol=0.05)
