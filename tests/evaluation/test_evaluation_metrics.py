"""Each metric beside scikit-learn's or SciPy's, or a worked example."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, recall_score, top_k_accuracy_score

from mobilenet_cli.evaluation import metrics

CLASSES = 12


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def scores(random: np.random.Generator) -> np.ndarray:
    """[300, 12], each row a distribution."""
    return random.dirichlet(np.full(CLASSES, 0.3), 300)


@pytest.fixture
def truth(random: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    """Right about half the time, and without class 7."""
    drawn = np.where(random.random(300) < 0.5, scores.argmax(axis=1), random.integers(0, CLASSES, 300))
    return np.where(drawn == 7, 8, drawn).astype(np.int32)


@pytest.mark.parametrize("k", [1, 5])
def test_top_k_accuracy_is_scikit_learns(truth, scores, k):
    top = np.argsort(-scores, axis=1)[:, :5].astype(np.int32)
    expected = top_k_accuracy_score(truth, scores, k=k, labels=range(CLASSES))
    assert metrics.hits(truth, top, k).mean() == pytest.approx(expected)


@pytest.mark.parametrize(("correct", "total"), [(0, 1), (1, 1), (0, 50), (50, 50), (180, 200), (197, 200), (1, 50_000)])
def test_the_interval_is_scipys_wilson(correct, total):
    expected = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    assert metrics.wilson(correct, total) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_mean_per_class_accuracy_is_scikit_learns_over_the_classes_that_are_present(truth, scores):
    predicted = scores.argmax(axis=1).astype(np.int32)
    present, images, right = metrics.per_class(truth, predicted == truth)
    assert 7 not in present
    assert list(right / images) == pytest.approx(list(recall_score(truth, predicted, labels=present, average=None)))
    assert (right / images).mean() == pytest.approx(
        recall_score(truth, predicted, labels=np.unique(truth), average="macro")
    )
    assert images.sum() == 300


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_failed_images_count_as_wrong_in_their_class(truth, scores):
    predicted = scores.argmax(axis=1).astype(np.int32)
    predicted[::10] = metrics.FAILED
    _, images, right = metrics.per_class(truth, predicted == truth)
    assert (right / images).mean() == pytest.approx(balanced_accuracy_score(truth, predicted))


def test_confusions_are_the_cells_beside_the_diagonal_of_scikit_learns_matrix(truth, scores):
    predicted = scores.argmax(axis=1).astype(np.int32)
    matrix = confusion_matrix(truth, predicted, labels=range(CLASSES))
    np.fill_diagonal(matrix, 0)
    found = np.zeros_like(matrix)
    true, taken_for, images = metrics.confusions(truth, predicted)
    found[true, taken_for] = images
    assert (found == matrix).all()
    assert len(images) == np.count_nonzero(matrix)
    assert list(zip(-images, true, taken_for, strict=True)) == sorted(zip(-images, true, taken_for, strict=True))


def test_failed_images_are_no_confusion():
    true, _, _ = metrics.confusions(np.array([3, 4], np.int32), np.array([metrics.FAILED, 4], np.int32))
    assert len(true) == 0


def test_reliability_is_scikit_learns_calibration_curve(truth, scores):
    best, correct = scores.max(axis=1), scores.argmax(axis=1) == truth
    images, confidence, accuracy = metrics.reliability(best, correct)
    assert images.sum() == 300
    assert images.min() == 0  # no score of 12 classes is below 1/12
    share_true, mean_score = calibration_curve(correct, best, n_bins=15, strategy="uniform")
    assert list(accuracy[images > 0]) == pytest.approx(list(share_true))
    assert list(confidence[images > 0]) == pytest.approx(list(mean_score))
    weights = images[images > 0] / 300
    expected = (weights * np.abs(share_true - mean_score)).sum()
    assert metrics.calibration_error(images, confidence, accuracy) == pytest.approx(expected)


def test_the_calibration_error_of_a_worked_example():
    # Bin 15 (above 14/15): 3 images, mean score 0.96, 2 right: gap 0.29333. Bin 8 (7/15 to 8/15): 1 image of
    # score 0.5, right: gap 0.5. (3 * 0.29333 + 1 * 0.5) / 4 = 0.345.
    score = np.array([0.95, 0.96, 0.97, 0.5])
    correct = np.array([True, True, False, True])
    assert metrics.calibration_error(*metrics.reliability(score, correct)) == pytest.approx(0.345)


def test_a_score_at_the_edge_of_two_bins_is_in_the_lower():
    images, _, _ = metrics.reliability(np.array([3 / 15, 1.0]), np.array([True, True]))
    assert list(np.flatnonzero(images)) == [2, 14]


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (4, 4), (13, 5), (5, 13), (0, 30), (900, 1000)])
def test_mcnemars_p_is_scipys_exact_binomial(first, second):
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert metrics.mcnemar(first, second) == pytest.approx(expected, rel=1e-9)


def test_mcnemars_p_of_very_many_disagreements_is_still_a_number():
    assert 0 <= metrics.mcnemar(20_000, 21_000) < 1e-5


def test_the_published_example_of_paired_proportions():
    # Airway hyper-responsiveness of 21 children before and after a transplantation (Bentur et al. 2009), as
    # Fagerland, Lydersen and Laake 2014 work it out: 1 both times, 1 only before, 7 only after, 12 never.
    assert metrics.mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert metrics.paired_difference(1, 7, 21) == pytest.approx((-0.508, -0.013), abs=5e-4)


def test_the_paired_interval_stays_within_its_range_and_turns_with_the_models():
    assert metrics.paired_difference(1, 0, 1)[1] == 1
    low, high = metrics.paired_difference(13, 5, 200)
    assert metrics.paired_difference(5, 13, 200) == pytest.approx((-high, -low))
