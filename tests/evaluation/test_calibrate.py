"""Fitting a temperature to photographs: a classifier whose logits are made up stands for the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.evaluation.calibrate import LEAST_IMAGES, MOST_IMAGES, calibrate
from mobilenet_cli.models.labels import imagenet_labels
from mobilenet_cli.postprocess.naming import Naming
from mobilenet_cli.postprocess.outputs import RawOutput
from mobilenet_cli.records import ClassName, Source

TEN = tuple(ClassName("", f"class {number}") for number in range(10))


@dataclass
class Classifier:
    """Its outputs are the rows of `logits`, None where an image cannot be read."""

    logits: list[Any]
    labels: tuple[ClassName, ...] = TEN
    temperature: float = 1.0
    output: str = "logits"
    asked: list[str] = field(default_factory=list)

    @property
    def model(self) -> Any:
        return SimpleNamespace(name="made up", network=SimpleNamespace(output=self.output))

    @property
    def naming(self) -> Naming:
        return Naming(self.labels)

    def outputs_of(self, sources: Iterable[Source], **_: Any) -> Iterator[tuple[Source, RawOutput]]:
        for source in sources:
            self.asked.append(source.path)
            yield source, RawOutput(self.logits[int(source.path.rpartition("/")[2])])


def drawn(temperature: float, images: int, spread: float = 4.0, classes: int = 10) -> tuple[list[Any], list[int]]:
    """Logits, and truths drawn from softmax(logits / temperature)."""
    random = np.random.default_rng(11)
    logits = random.normal(0, spread, (images, classes)).astype(np.float32)
    scores = np.exp(logits / temperature, dtype=np.float64)
    scores /= scores.sum(axis=1, keepdims=True)
    return list(logits), [int(random.choice(classes, p=row)) for row in scores]


def paths(truths: list[int], labels: tuple[ClassName, ...] = TEN) -> list[str]:
    return [f"{labels[truth].wnid or labels[truth].label}/{number}" for number, truth in enumerate(truths)]


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.8])
def test_the_temperature_that_made_the_truths_is_found(temperature: float):
    logits, truths = drawn(temperature, 1500)
    fitted = calibrate(Classifier(logits, temperature=1.3), paths(truths))
    assert fitted.before == 1.3
    assert fitted.images == 1500
    # Not below it: names must be right as often as any `sure` says, even at the lower end of what chance may do.
    assert 0.94 * temperature < fitted.temperature < 1.25 * temperature
    assert fitted.names_keep_their_word


def test_names_keep_the_word_of_every_sure_on_other_photographs():
    """High and low scores deserve different temperatures."""
    random = np.random.default_rng(5)
    images, classes = 4000, 10
    best = random.integers(0, classes, images)
    logits = random.normal(0, 0.3, (images, classes)).astype(np.float32)
    height = random.choice([5.0, 8.0], images).astype(np.float32)
    logits[np.arange(images), best] += height
    truths = np.where(random.random(images) < np.where(height == 8, 0.97, 0.7), best, (best + 1) % classes)
    half = images // 2
    fitted = calibrate(Classifier(list(logits[:half])), paths(truths[:half].tolist()))
    scores = np.exp(logits[half:] / fitted.temperature, dtype=np.float64)
    scores /= scores.sum(axis=1, keepdims=True)
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truths[half:]
    for sure in (0.5, 0.7, 0.8, 0.9):
        named = top >= sure
        assert right[named].mean() >= sure
    assert fitted.names_keep_their_word


def test_scores_that_say_nothing_leave_the_word_unkept():
    """Names are right as often at any score, less than 0.9: no temperature mends that."""
    random = np.random.default_rng(5)
    best = random.integers(0, 10, 1000)
    logits = random.normal(0, 0.3, (1000, 10)).astype(np.float32)
    logits[np.arange(1000), best] += random.choice([4.0, 8.0], 1000).astype(np.float32)
    truths = np.where(random.random(1000) < 0.8, best, (best + 1) % 10)
    assert not calibrate(Classifier(list(logits)), paths(truths.tolist())).names_keep_their_word


def test_a_word_above_the_truth_is_a_right_name():
    """Each logit alone is unsure which dog it is, and always sure that it is a dog."""
    labels = imagenet_labels(1000)
    dogs = [index for index, name in enumerate(labels) if name.wnid in ("n02085620", "n02085782", "n02085936")]
    random = np.random.default_rng(2)
    truths = [int(index) for index in random.choice(dogs, 400)]
    logits = np.zeros((400, 1000), np.float32)
    logits[:, dogs] = 14.0
    classifier = Classifier(list(logits), labels)
    fitted = calibrate(classifier, paths(truths, labels))
    assert fitted.names_keep_their_word
    wrong = [int(index) for index in random.choice([0, 1, 2], 400)]  # fish
    assert calibrate(classifier, paths(wrong, labels)).temperature > 1.5 * fitted.temperature


def test_too_few_photographs_do_not_lower_the_model_s_own():
    logits, truths = drawn(0.7, LEAST_IMAGES, spread=1.5)
    fitted = calibrate(Classifier(logits, temperature=1.5), paths(truths))
    assert not fitted.names_keep_their_word
    assert fitted.temperature == 1.5


def test_photographs_that_cannot_be_read_do_not_count():
    logits, truths = drawn(1.0, 80)
    expected = calibrate(Classifier(logits[:70]), paths(truths[:70]))
    assert calibrate(Classifier([*logits[:70], *[None] * 10]), paths(truths)) == expected
    with pytest.raises(InputError, match=f"at least {LEAST_IMAGES} readable photographs, not on 49"):
        calibrate(Classifier([*logits[:49], *[None] * 31]), paths(truths))


def test_too_few_are_refused_before_any_is_read():
    classifier = Classifier(drawn(1.0, 49)[0])
    with pytest.raises(InputError, match="not on 49"):
        calibrate(classifier, paths([0] * 49))
    with pytest.raises(InputError, match="divides logits"):
        calibrate(Classifier([], output="probabilities"), paths([0] * 60))
    assert classifier.asked == []


def test_of_many_photographs_some_of_all_are_drawn_the_same_each_time():
    logits, truths = drawn(1.0, MOST_IMAGES + 1000)
    asked = []
    for _ in range(2):
        classifier = Classifier(logits)
        assert calibrate(classifier, paths(truths)).images == MOST_IMAGES
        asked.append([int(path.rpartition("/")[2]) for path in classifier.asked])
    assert asked[0] == asked[1] == sorted(set(asked[0]))
    assert 0.25 < np.mean([number >= MOST_IMAGES for number in asked[0]]) < 0.42


def test_outputs_that_are_not_numbers_are_an_error():
    logits, truths = drawn(1.0, 60)
    logits[7] = np.full(10, np.nan, np.float32)
    with pytest.raises(ModelError, match="damaged"):
        calibrate(Classifier(logits), paths(truths))
