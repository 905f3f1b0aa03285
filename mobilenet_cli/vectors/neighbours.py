"""The images that are most like one, by the cosine of the angle between their feature vectors: found and written.

FORMATS is the one table of the formats that neighbours are written in.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mobilenet_cli.csv_lines import LineMaker
from mobilenet_cli.json_lines import encoded
from mobilenet_cli.records import Embedding
from mobilenet_cli.text import printable, valid_utf8

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DECIMALS = 6
"""Cosines of float32 vectors agree to about seven decimals between engines and batch sizes."""


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


def _table(neighbours: Sequence[Neighbour]) -> str:
    # The path comes last, so that no width has to be found for it, and nothing is cut off or folded.
    lines = [f"{each.similarity:10.4f}  {printable(each.path)}" for each in neighbours]
    return "\n".join(["Similarity  File", "─" * 40, *lines, ""]) if lines else ""


def _csv(neighbours: Sequence[Neighbour]) -> str:
    maker = LineMaker(",")
    values = ((each.rank, each.path, f"{each.similarity:.{DECIMALS}f}") for each in neighbours)
    return valid_utf8("".join(maker.line(row) for row in (("rank", "path", "similarity"), *values)))


def _jsonl(neighbours: Sequence[Neighbour]) -> str:
    objects = (
        {"rank": each.rank, "path": each.path, "similarity": round(each.similarity, DECIMALS)} for each in neighbours
    )
    return "".join(f"{encoded(each).decode()}\n" for each in objects)


FORMATS: Mapping[str, Callable[[Sequence[Neighbour]], str]] = MappingProxyType(
    {"table": _table, "csv": _csv, "jsonl": _jsonl}
)
"""By name, what makes the document."""
