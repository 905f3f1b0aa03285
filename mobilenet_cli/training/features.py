"""Images → their contents' hashes, which ones can be read, and feature vectors, if possible from the cache."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.pipeline import Task, run
from mobilenet_cli.postprocess.features import Features
from mobilenet_cli.records import Source
from mobilenet_cli.training.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.embedder import Embedder
    from mobilenet_cli.engines import Session
    from mobilenet_cli.images.preprocess import Preprocessing
    from mobilenet_cli.training.feature_cache import FeatureCache

    Vectors = Generator[tuple[str, NDArray[np.float32] | None, str | None]]
    """An image's digest, and its vector or why it cannot be read."""

_CONTRADICTORY = "the same image is in another class too"
OnImage = Callable[[bool], None]
"""Told of each image that is done, whether it failed."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """The images that can be learnt from, in the order of the dataset.

    Attributes:
        paths: Theirs.
        labels: int64 [N], the class of each.
        digests: SHA-256 of each one's content.
        features: float32 [N, features]; [N, 0] of those that were only checked.
        left_out: The path of each image that cannot be learnt from, and why.
    """

    paths: tuple[str, ...]
    labels: NDArray[np.int64]
    digests: tuple[str, ...]
    features: NDArray[np.float32]
    left_out: tuple[tuple[str, str], ...]


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

    Images that cannot be read are left out, and so is one that is in several classes. What was computed is in
    the cache then, also after an exception.
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
    """Return the images of a dataset as compute_features does, but without features: they are decoded, and no more."""

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
    return (_HashedSource(source.path, source.data, source.error, digest) for digest, source in sources.items())


class _NoNetwork:
    """An Engine whose network puts out no features."""

    batch_size = 8

    def session(self) -> Session:
        """Return what makes float32 [N, 0] of N images."""
        return lambda images: images.reshape(len(images), -1)[:, :0]


def _examples(
    dataset: Dataset, vectors: Callable[[dict[str, Source]], Vectors], width: int, on_image: OnImage
) -> Examples:
    """Hash the images, and ask `vectors` for those of one of each that are the same, by digest."""
    import numpy as np

    with ThreadPoolExecutor(usable_cores()) as pool:
        hashed = list(pool.map(_digest, dataset.sources))
    digests = [digest for digest, _ in hashed]
    errors = {place: error for place, (_, error) in enumerate(hashed) if error is not None}
    errors |= dict.fromkeys(_contradictory(digests, dataset.labels), _CONTRADICTORY)
    different: dict[str, Source] = {}
    for place, (digest, source) in enumerate(zip(digests, dataset.sources, strict=True)):
        if place in errors or digest in different:
            on_image(place in errors)
        else:
            different[digest] = source
    found: dict[str, NDArray[np.float32]] = {}
    failed: dict[str, str] = {}
    with contextlib.closing(vectors(different)) as answers:
        for digest, vector, error in answers:
            on_image(vector is None)
            if vector is None:
                failed[digest] = error or ""
            else:
                found[digest] = vector.copy()  # not a view that keeps its whole batch
    errors |= {place: failed[digest] for place, digest in enumerate(digests) if digest in failed}
    kept = [place for place in range(len(digests)) if place not in errors]
    rows = [found[digests[place]] for place in kept]
    return Examples(
        tuple(dataset.sources[place].path for place in kept),
        np.array([dataset.labels[place] for place in kept], np.int64),
        tuple(digests[place] for place in kept),
        np.stack(rows) if rows else np.empty((0, width), np.float32),
        tuple((dataset.sources[place].path, errors[place]) for place in sorted(errors)),
    )


def _digest(source: Source) -> tuple[str, str | None]:
    """Return the SHA-256 of an image's file, or "" and why it cannot be read."""
    if source.error is not None:
        return "", source.error
    try:
        with open(source.path, "rb") as stream:  # noqa: PTH123 - a path stays the string that was typed
            return hashlib.file_digest(stream, "sha256").hexdigest(), None
    except OSError as error:
        return "", f"cannot be opened: {error.strerror}"


def _contradictory(digests: Sequence[str], labels: Sequence[int]) -> list[int]:
    """Return the places of images that are in several classes."""
    classes: dict[str, set[int]] = {}
    for digest, label in zip(digests, labels, strict=True):
        if digest:
            classes.setdefault(digest, set()).add(label)
    return [place for place, digest in enumerate(digests) if len(classes.get(digest, ())) > 1]
