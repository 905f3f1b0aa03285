"""A dataset → the examples to learn from: readable, hashed by content, with feature vectors cached by that hash."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.pipeline import Task, run
from mobilenet_cli.postprocess.features import Features
from mobilenet_cli.records import Source
from mobilenet_cli.training.contents import Contents
from mobilenet_cli.training.dataset import Dataset
from mobilenet_cli.training.near_copies import grouped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.embedder import Embedder
    from mobilenet_cli.engines import Session
    from mobilenet_cli.images.preprocess import Preprocessing
    from mobilenet_cli.training.feature_cache import FeatureCache

    Vectors = Generator[tuple[str, NDArray[np.float32] | None, str | None]]
    """Yields each image's digest, and its feature vector or the reason that it cannot be read."""

NEARLY_LEARNT = "nearly the same image is among those to learn from"

OnImage = Callable[[bool], None]
"""Called with each image that is done: whether it failed."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """The images that can be learnt from, in the order of the dataset.

    Attributes:
        paths: The path of each image.
        labels: int64 [N], the class of each image.
        digests: SHA-256 of each image's file, in hexadecimal.
        features: float32 [N, features]; [N, 0] from `check_images`.
        left_out: The path of each image that cannot be learnt from, and the reason.
        groups: The key of each image's group of copies and near copies: see `near_copies`.
    """

    paths: tuple[str, ...]
    labels: NDArray[np.int64]
    digests: tuple[str, ...]
    features: NDArray[np.float32]
    left_out: tuple[tuple[str, str], ...]
    groups: tuple[str, ...] = ()

    @property
    def kept_together(self) -> tuple[str, ...]:
        """What stays on one side of a split: the groups, or the contents where no near copies were looked for."""
        return self.groups or self.digests

    @property
    def near_copies(self) -> int:
        """How many images are near copies of another one."""
        contents = dict(zip(self.digests, self.kept_together, strict=True))
        return len(contents) - len(set(contents.values()))


def compute_features(
    dataset: Dataset,
    embedder: Embedder,
    cache: FeatureCache,
    on_image: OnImage,
    *,
    batch_size: int | None = None,
    workers: int | None = None,
) -> Examples:
    """Return the images of a dataset with their features.

    Images that cannot be read, or are in several classes, are left out. Each content is computed once, and only if
    it is not in the cache. What was computed is cached even if an exception ends the work.

    Args:
        dataset: The images.
        embedder: Computes the features.
        cache: Holds features from earlier runs. Closed at the end.
        on_image: Called for each image.
        batch_size: As for `Embedder.embed`.
        workers: As for `Embedder.embed`.
    """

    def vectors(different: dict[str, Source]) -> Vectors:
        known = cache.found(different)
        for digest, vector in known.items():
            yield digest, vector, None
        missing = {digest: source for digest, source in different.items() if digest not in known}
        try:
            pairs = embedder.embed_sources(_hashed(missing), batch_size=batch_size, workers=workers)
            for source, embedding in pairs:
                if embedding.vector is not None:
                    cache.keep(source.digest, embedding.vector)
                yield source.digest, embedding.vector, embedding.error
        finally:
            cache.close()

    return _examples(dataset, vectors, embedder.width, on_image)


def check_images(
    dataset: Dataset,
    preprocessing: Preprocessing,
    on_image: OnImage,
    *,
    batch_size: int | None = None,
    workers: int | None = None,
) -> Examples:
    """Return the images of a dataset as `compute_features` does, but only decode them: `features` is [N, 0]."""

    def vectors(different: dict[str, Source]) -> Vectors:
        task = Task(_NoNetwork(), preprocessing, Features(), "")
        for source, embedding in run(_hashed(different), task, batch_size=batch_size, workers=workers):
            yield source.digest, embedding.vector, embedding.error

    return _examples(dataset, vectors, 0, on_image)


@dataclass(frozen=True, slots=True)
class _HashedSource(Source):
    """An image and the SHA-256 of its content."""

    digest: str = ""


def _hashed(sources: dict[str, Source]) -> Iterator[_HashedSource]:
    return (
        _HashedSource(source.path, source.data, source.error, digest, content=source.content)
        for digest, source in sources.items()
    )


class _NoNetwork:
    """An Engine whose output is no features at all."""

    batch_size = 8

    def session(self) -> Session:
        """Return a function from N images to float32 [N, 0]."""
        return lambda images: images.reshape(len(images), -1)[:, :0]


def _examples(
    dataset: Dataset, vectors: Callable[[dict[str, Source]], Vectors], width: int, on_image: OnImage
) -> Examples:
    """Return a dataset's Examples.

    Args:
        dataset: The images.
        vectors: Called once with a source of each distinct content, by digest.
        width: Features per vector.
        on_image: Called for each image.
    """
    contents = Contents.of(dataset)
    distinct = contents.distinct(dataset.sources)
    for _ in contents.errors:
        on_image(True)
    for _ in range(len(dataset.sources) - len(contents.errors) - len(distinct)):  # copies of the distinct ones
        on_image(False)
    found: dict[str, NDArray[np.float32]] = {}
    failed: dict[str, str] = {}
    with contextlib.closing(vectors(distinct)) as answers:
        for digest, vector, error in answers:
            on_image(vector is None)
            if vector is None:
                failed[digest] = error or ""
            else:
                found[digest] = vector.copy()  # not a view, which would hold the whole batch
    errors = contents.errors_with(failed)
    groups = grouped({digest: source for digest, source in distinct.items() if digest in found})
    errors |= dict.fromkeys(_nearly_learnt(contents.digests, groups, errors, dataset), NEARLY_LEARNT)
    return _without(errors, dataset, contents.digests, groups, found, width)


def _nearly_learnt(
    digests: Sequence[str], groups: dict[str, str], errors: Container[int], dataset: Dataset
) -> Iterator[int]:
    """Yield the places of the images to validate with, in folders that are split, that are near copies of others."""
    held = [source.path in dataset.validation for source in dataset.sources]
    kept = [place for place in range(len(digests)) if place not in errors]
    learnt = {groups[digests[place]] for place in kept if not held[place]}
    return (place for place in kept if held[place] and groups[digests[place]] in learnt)


def _without(
    errors: dict[int, str],
    dataset: Dataset,
    digests: Sequence[str],
    groups: dict[str, str],
    vectors: dict[str, NDArray[np.float32]],
    width: int,
) -> Examples:
    """Return the images of a dataset as Examples, but leave out those at the places that have an error."""
    import numpy as np

    kept = [place for place in range(len(digests)) if place not in errors]
    rows = [vectors[digests[place]] for place in kept]
    return Examples(
        paths=tuple(dataset.sources[place].path for place in kept),
        labels=np.array([dataset.labels[place] for place in kept], np.int64),
        digests=tuple(digests[place] for place in kept),
        features=np.stack(rows) if rows else np.empty((0, width), np.float32),
        left_out=tuple((dataset.sources[place].path, errors[place]) for place in sorted(errors)),
        groups=tuple(groups[digests[place]] for place in kept),
    )
