from __future__ import annotations

import math

import numpy as np
import pytest

from mobilenet_cli.engines.network_output import softmax
from mobilenet_cli.errors import ModelError
from mobilenet_cli.postprocess.topk import TopK
from mobilenet_cli.records import ClassName


def predictions(ranking: TopK, outputs: np.ndarray):
    return ranking.predictions(ranking.scores(outputs))


LABELS = tuple(ClassName(f"n{i}", f"label {i}") for i in range(4))


def test_softmax_agrees_with_the_formula_and_does_not_overflow():
    logits = [1.0, 2.0, 3.0]
    by_hand = [math.exp(value) / sum(map(math.exp, logits)) for value in logits]
    assert softmax(np.array([logits], np.float32))[0] == pytest.approx(by_hand)
    assert softmax(np.array([[1e4, 0.0]], np.float32)).tolist() == [[1.0, 0.0]]


def test_predictions_are_ranked_by_score_with_their_class():
    (first, second), (only, _) = predictions(
        TopK(LABELS, "probabilities", k=2), np.array([[0.1, 0.6, 0.0, 0.3], [0.0, 0.0, 1.0, 0.0]], np.float32)
    )
    assert (first.rank, first.index, first.wnid, first.label) == (1, 1, "n1", "label 1")
    assert first.score == pytest.approx(0.6)
    assert (second.rank, second.index) == (2, 3)
    assert only.index == 2


def test_equal_scores_come_in_the_order_of_their_index():
    (row,) = predictions(TopK(LABELS, "probabilities", k=3), np.full((1, 4), 0.25, np.float32))
    assert [each.index for each in row] == [0, 1, 2]


def test_k_over_the_number_of_classes_gives_them_all():
    (row,) = predictions(TopK(LABELS, k=99), np.zeros((1, 4), np.float32))
    assert len(row) == 4
    assert sum(each.score for each in row) == pytest.approx(1)


def test_a_temperature_divides_the_logits():
    logits = np.array([[1.0, 2.0, 3.0, 0.0]], np.float32)
    assert TopK(LABELS, temperature=2).scores(logits)[0] == pytest.approx(softmax(logits / 2)[0])
    # Probabilities are scores already: there is nothing left to divide.
    assert TopK(LABELS, "probabilities", temperature=2).scores(logits)[0] == pytest.approx(logits[0])


def test_the_threshold_leaves_lower_scores_out():
    outputs = np.array([[0.5, 0.3, 0.2, 0.0]], np.float32)
    (row,) = predictions(TopK(LABELS, "probabilities", k=4, threshold=0.3), outputs)
    assert [each.index for each in row] == [0, 1]
    (nothing,) = predictions(TopK(LABELS, "probabilities", threshold=0.9), outputs)
    assert nothing == ()


def test_outputs_that_are_not_numbers_are_an_error_and_no_labels():
    with pytest.raises(ModelError, match="not finite"):
        predictions(TopK(LABELS), np.array([[0.0, np.nan, 0.0, 0.0]], np.float32))
