"""Which images are most like one: by the cosine of the angle between their feature vectors."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.records import Embedding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An image that is like another.

    Attributes:
        rank: 1 for the most similar.
        path: The image's path.
        similarity: The cosine similarity of the two feature vectors, -1 to 1; features that went through a
            ReLU are never negative, and neither is their cosine.
    """

    rank: int
    path: str
    similarity: float


def nearest(query: NDArray[np.float32], embeddings: Iterable[Embedding], k: int) -> list[Neighbour]:
    """Return the `k` embeddings that are most similar to `query`, float32 [features], the most similar first.

    Those without a vector are passed over. Of equally similar ones the earlier comes first. No more than `k`
    are ever kept.
    """
    direction = _direction(query)
    best: list[tuple[float, int, str]] = []
    for order, each in enumerate(embeddings):
        if each.vector is None:
            continue
        entry = (float(direction @ _direction(each.vector)), -order, each.path)
        if len(best) < k:
            heapq.heappush(best, entry)
        else:
            heapq.heappushpop(best, entry)
    return [
        Neighbour(rank, path, similarity) for rank, (similarity, _, path) in enumerate(sorted(best, reverse=True), 1)
    ]


def _direction(vector: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the vector of length 1 that points the same way; zeros where there is no way that it points."""
    import numpy as np

    exact = vector.astype(np.float64)
    length = float(np.sqrt(exact @ exact))
    return exact / length if length else exact
