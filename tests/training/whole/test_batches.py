"""What a training sees of its images: each once an epoch, in batches that follow from the seed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_cli.errors import ModelError
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.training.whole.in_tensorflow.batches import Batches, Images
from mobilenet_cli.training.whole.options import Augmentation

COUNT = 33


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """Grey squares: the one at position n has the value 5 n and is of class n % 3."""
    folder = tmp_path_factory.mktemp("grey")
    made = []
    for number in range(COUNT):
        file = folder / f"{number}.png"
        Image.new("L", (8, 8), 5 * number).save(file)
        made.append((str(file), number % 3))
    return made


@pytest.fixture(scope="module", params=[True, False], ids=["kept", "decoded anew"])
def images(request: pytest.FixtureRequest, examples: list, pool: ThreadPoolExecutor) -> Images:
    return Images(examples, Preprocessing(8), pool, keep=request.param)


def numbers(batches: Batches, epochs: int) -> list[list[int]]:
    """Which images each batch has, known by their grey; and check that each has its own class."""
    found = []
    for pixels, targets in batches.dataset(epochs).as_numpy_iterator():
        assert pixels.shape[1:] == (8, 8, 3)
        batch = [round(float(each) * 51) for each in pixels[:, 0, 0, 0]]
        np.testing.assert_array_equal(targets, np.eye(3)[np.array(batch) % 3])
        found.append(batch)
    return found


@pytest.mark.parametrize("keep", [True, False])
def test_an_image_that_can_no_longer_be_read_is_named(
    examples: list, pool: ThreadPoolExecutor, tmp_path: Path, keep: bool
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ModelError, match=r"broken\.png can no longer be read"):
        Images([*examples, (str(tmp_path / "broken.png"), 0)], Preprocessing(8), pool, keep=keep).take(
            np.array([COUNT])
        )


@pytest.mark.parametrize(("batch_size", "sizes"), [(32, [17, 16]), (12, [11, 11, 11]), (100, [33])])
def test_every_image_is_seen_once_an_epoch(images: Images, batch_size: int, sizes: list[int]) -> None:
    batches = Batches(images, 3, batch_size, seed=1)
    assert batches.steps == len(sizes)
    assert [batches.seen(steps) for steps in range(len(sizes) + 1)] == [0, *np.cumsum(sizes)]
    found = numbers(batches, 2)
    assert [len(batch) for batch in found] == sizes * 2
    first, second = (list(chain(*half)) for half in (found[: len(sizes)], found[len(sizes) :]))
    assert sorted(first) == sorted(second) == list(range(COUNT))
    assert first != second
    assert first != sorted(first)


def test_the_order_follows_from_the_seed(images: Images) -> None:
    one, same, other = (numbers(Batches(images, 3, 8, seed), 2) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_without_a_seed_they_come_in_their_order(images: Images) -> None:
    assert list(chain(*numbers(Batches(images, 3, 8), 1))) == list(range(COUNT))


def test_augmentation_follows_from_the_seed_and_changes_with_each_epoch(tmp_path: Path, pool) -> None:
    file = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)).save(file)
    images = Images([(str(file), 0)], Preprocessing(8, "squash"), pool, keep=True)
    runs = []
    for seed in (1, 1, 2):
        batches = Batches(images, 1, 8, seed, Augmentation())
        runs.append([pixels for pixels, _ in batches.dataset(2).as_numpy_iterator()])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0][0], runs[0][1])
    assert not np.allclose(runs[0][0], runs[2][0])
    assert 0 <= np.min(runs) <= np.max(runs) <= 1
