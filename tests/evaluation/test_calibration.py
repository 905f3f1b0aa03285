from __future__ import annotations

import math

import numpy as np
import pytest

from mobilenet_cli.errors import InputError
from mobilenet_cli.evaluation.calibration import (
    LEAST,
    MOST,
    fit_temperature,
    fit_temperature_for_names,
    lower_bound,
    scaled_softmax,
)
from mobilenet_cli.postprocess.naming import Naming
from mobilenet_cli.records import ClassName
from mobilenet_cli.taxonomy import Taxonomy


def drawn(temperature: float, images: int, spread: float = 4.0, classes: int = 20) -> tuple[np.ndarray, list[int]]:
    """Logits, and truths drawn from softmax(logits / temperature)."""
    random = np.random.default_rng(7)
    logits = random.normal(0, spread, (images, classes))
    scores = np.exp(logits / temperature)
    scores /= scores.sum(axis=1, keepdims=True)
    return logits, [int(random.choice(classes, p=row)) for row in scores]


def test_scaled_softmax_agrees_with_the_formula_and_does_not_overflow():
    by_hand = [math.exp(value / 2) / (math.exp(0.5) + math.exp(1.0)) for value in (1.0, 2.0)]
    assert scaled_softmax(np.array([[1.0, 2.0]]), 2.0)[0] == pytest.approx(by_hand)
    assert scaled_softmax(np.array([[1e4, 0.0]], np.float32), 0.5).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.5, 3.0])
def test_the_temperature_that_made_the_truths_is_found(temperature):
    fit = fit_temperature(*drawn(temperature, 4000))
    assert fit.temperature == pytest.approx(temperature, rel=0.06)
    assert fit.images == 4000
    assert fit.after <= fit.before


def test_the_likelihood_is_that_of_the_truth():
    fit = fit_temperature(np.array([[0.0, math.log(3.0)]]), [1])
    assert fit.before == pytest.approx(math.log(4 / 3))


def test_where_the_truth_is_a_word_the_scores_below_it_add_up():
    logits = np.log(np.array([[0.5, 0.3, 0.2]]))
    assert fit_temperature(logits, [[0, 2]]).before == pytest.approx(-math.log(0.7))
    assert fit_temperature(logits, [(1,)]) == fit_temperature(logits, [1])


def test_few_images_leave_the_temperature_near_one():
    wrong = np.array([[9.0, 0.0, 0.0]])
    right = wrong
    assert 1.0 < fit_temperature(wrong, [1]).temperature < 3.0
    assert 0.8 < fit_temperature(right, [0]).temperature <= 1.0


def test_the_temperature_stays_in_its_bounds():
    logits = np.tile([50.0, 0.0], (5000, 1))
    assert LEAST <= fit_temperature(logits / 1e3, [0] * 5000).temperature < 1
    assert 1 < fit_temperature(logits * 1e3, [1] * 5000).temperature <= MOST + 1e-6


def test_photographs_without_a_true_class_are_refused():
    for logits, truths in ((np.zeros((0, 3)), []), (np.zeros((1, 3)), [[]]), (np.zeros((2, 3)), [1])):
        with pytest.raises(InputError, match="true class"):
            fit_temperature(logits, truths)


@pytest.mark.parametrize(("right", "of"), [(90, 100), (1, 3), (500, 501), (7, 7)])
def test_the_lower_bound_is_wilson_s(right, of):
    bound = lower_bound(right, of)
    # Wilson's bound is where the observed share is 1.645 standard deviations away.
    assert right / of - bound == pytest.approx(1.645 * math.sqrt(bound * (1 - bound) / of))
    assert bound < right / of


def test_the_lower_bound_of_nothing_is_nothing():
    assert lower_bound(0, 0) == 0.0


def test_names_keep_their_word_at_the_temperature_for_names():
    logits, truths = drawn(2.0, 3000, spread=9.0)
    naming = Naming(tuple(ClassName("", f"class {i}") for i in range(20)), Taxonomy([]))

    def is_right(row, named):
        return named.label.label == f"class {truths[row]}"

    temperature = fit_temperature_for_names(logits, is_right, naming, sures=(0.5, 0.8, 0.9))
    assert temperature is not None
    assert 1.1 < temperature < 2.2  # below 2, since a name at 0.9 has a score of 0.9 or more
    for sure in (0.5, 0.8, 0.9):
        rows = [(row, name) for row, name in enumerate(naming(scaled_softmax(logits, temperature), sure)) if name.label]
        assert sum(is_right(row, name) for row, name in rows) / len(rows) > sure
    lower = round(temperature - 0.05, 2)
    assert fit_temperature_for_names(logits, is_right, naming, sures=(0.5, 0.8, 0.9), least=lower) == temperature


def test_no_temperature_keeps_the_word_of_names_that_are_never_right():
    logits, _ = drawn(1.0, 50)
    naming = Naming(tuple(ClassName("", f"class {i}") for i in range(20)), Taxonomy([]))
    assert fit_temperature_for_names(logits, lambda row, named: False, naming, sures=(0.9,), least=6.0) is None
