"""Images → their contents' hashes and their feature vectors, as far as possible from the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.cores import usable_cores
from mobilenet_cli.training.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.embedder import Embedder
    from mobilenet_cli.records import Source
    from mobilenet_cli.training.feature_cache import FeatureCache

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
        features: float32 [N, features].
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
    import numpy as np

    with ThreadPoolExecutor(workers or usable_cores()) as pool:
        hashed = list(pool.map(_digest, dataset.sources))
    digests = [digest for digest, _ in hashed]
    errors = {place: error for place, (_, error) in enumerate(hashed) if error is not None}
    errors |= dict.fromkeys(_contradictory(digests, dataset.labels), _CONTRADICTORY)
    vectors = cache.found(dict.fromkeys(digest for place, digest in enumerate(digests) if place not in errors))
    first: dict[str, int] = {}
    for place, digest in enumerate(digests):
        if place in errors:
            on_image(True)
        elif digest in vectors or digest in first:
            on_image(False)
        else:
            first[digest] = place
    failed: dict[str, str] = {}
    missing = [dataset.sources[place] for place in first.values()]
    try:
        embeddings = embedder.embed(missing, batch_size=batch_size, workers=workers)
        for digest, embedding in zip(first, embeddings, strict=True):
            on_image(embedding.vector is None)
            if embedding.vector is None:
                failed[digest] = embedding.error or ""
            else:
                vectors[digest] = embedding.vector.copy()  # not a view that keeps its whole batch
                cache.keep(digest, embedding.vector)
    finally:
        cache.close()
    errors |= {place: failed[digest] for place, digest in enumerate(digests) if digest in failed}
    kept = [place for place in range(len(digests)) if place not in errors]
    rows = [vectors[digests[place]] for place in kept]
    return Examples(
        tuple(dataset.sources[place].path for place in kept),
        np.array([dataset.labels[place] for place in kept], np.int64),
        tuple(digests[place] for place in kept),
        np.stack(rows) if rows else np.empty((0, embedder.width), np.float32),
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
