"""Which layers stay in float."""

from __future__ import annotations

from collections.abc import Sequence

from mobilenet_cli.in_tensorflow.layers_of_file import Layer
from mobilenet_cli.in_tensorflow.sensitivity import makers_of_outputs, most_sensitive


def layer(number: int, multiply_adds: int = 10) -> Layer:
    return Layer(f"layer {number}", number, weights=number, shape=(1, 1), multiply_adds=multiply_adds)


def harm_of(costs: dict[int, float], asked: list[int] | None = None):
    def harm(layers: Sequence[Layer]) -> float:
        if asked is not None:
            asked.append(len(layers))
        return sum(costs.get(each.input, 0.01) for each in layers)

    return harm


def test_the_layers_that_do_the_most_harm_are_found_the_worst_first():
    layers = [layer(number) for number in range(40)]
    found = most_sensitive(layers, harm_of({3: 5.0, 30: 8.0, 17: 0.5}))
    assert [each.input for each in found] == [30, 3]  # the third does less than a tenth


def test_few_parts_are_measured():
    asked: list[int] = []
    most_sensitive([layer(number) for number in range(64)], harm_of({9: 5.0}, asked))
    assert len(asked) <= 1 + 2 * 6


def test_layers_that_take_long_stay_in_int8():
    layers = [layer(0, 500), layer(1, 50), layer(2, 450)]
    assert [each.input for each in most_sensitive(layers, harm_of({0: 5.0, 1: 3.0, 2: 1.0}))] == [1]


def test_where_nothing_does_harm_nothing_stays():
    assert most_sensitive([layer(0), layer(1)], lambda layers: 0.0) == []


def test_a_classifier_stays_with_what_follows_it():
    convolution = Layer("convolution", 0, weights=0, shape=(8, 1, 1, 4), multiply_adds=32 * 49)
    mean = Layer("mean", 1)
    classifier = Layer("classifier", 2, weights=1, shape=(10, 8), multiply_adds=80)
    softmax = Layer("softmax", 3)
    assert makers_of_outputs([convolution, mean, classifier, softmax]) == [classifier, softmax]
    assert makers_of_outputs([convolution, mean]) == [mean]  # of a feature vector network, whose convolution is large
