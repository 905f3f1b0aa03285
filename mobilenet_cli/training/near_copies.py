"""Near copies: the same picture saved again, in another size, quality or format.

They stay on one side of a split, as copies do: a network that has learnt a picture knows its near copies, and would
be praised for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.pipeline import Task, run
from mobilenet_cli.postprocess.features import Features
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.engines import Session

# The least correlation between thumbnails of near copies. Of 200 photographs that were saved again as JPEG of quality
# 30, as WebP of quality 40 and at half their size, 598 of the 600 copies had more, and no two of the photographs had.
_ALIKE = 0.99
_SIDE = 16
_LEAST_CONTRAST = 0.02  # the deviation of a colour's values, of 1; below it in all, a picture is of one colour
_AT_ONCE = 1024


def grouped(sources: Mapping[str, Source]) -> dict[str, str]:
    """Return for each picture the key of its group: that of itself or, of near copies, the first of their keys.

    Args:
        sources: The pictures, by keys. Those that cannot be read are groups of their own.
    """
    import numpy as np

    keys, thumbnails = [], []
    task = Task(_Thumbnails(), Preprocessing(_SIDE, "squash", "bilinear"), Features(), "")
    found = run(list(sources.values()), task)
    for key, (_, embedding) in zip(sources, found, strict=True):
        vector = embedding.vector
        if vector is None:
            continue
        pixels = vector.reshape(-1, 3)
        # Of each colour its own mean: two noisy pictures of one colour are no copies.
        pattern = (pixels - pixels.mean(axis=0)).ravel()
        if float(pixels.std(axis=0).max()) >= _LEAST_CONTRAST:
            keys.append(key)
            thumbnails.append(pattern / np.linalg.norm(pattern))
    groups = {key: key for key in sources}
    if thumbnails:
        _join(groups, keys, np.stack(thumbnails))
    return {key: _first(groups, key) for key in groups}


class _Thumbnails:
    """An Engine whose output is the small image itself."""

    batch_size = 32

    def session(self) -> Session:
        """Return a function from N images to float32 [N, values]."""
        return lambda images: images.reshape(len(images), -1).copy()  # the next batch is decoded into `images`


def _join(groups: dict[str, str], keys: list[str], thumbnails: NDArray[np.float32]) -> None:
    """Join the groups of all pairs of thumbnails that are alike."""
    import numpy as np

    for start in range(0, len(keys), _AT_ONCE):
        alike = thumbnails[start : start + _AT_ONCE] @ thumbnails[: start + _AT_ONCE].T >= _ALIKE
        for row, column in np.argwhere(alike).tolist():
            one, other = sorted((_first(groups, keys[start + row]), _first(groups, keys[column])))
            groups[other] = one


def _first(groups: dict[str, str], key: str) -> str:
    while groups[key] != key:
        groups[key] = groups[groups[key]]
        key = groups[key]
    return key
