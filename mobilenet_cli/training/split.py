"""Which images are learnt from and which validate: by class, fixed by a seed, copies of an image together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Part = tuple[NDArray[np.int64], NDArray[np.int64]]
    """The places of the images to learn from, and of those to validate with."""

MOST_SEED = 2**32 - 1
"""The limit of tf_keras, for a whole network; a head keeps to it too, so that a seed goes with both."""


def check_share(share: float) -> None:
    """Raise InputError unless this is the share of the images that can validate."""
    if not 0 < share < 1:
        raise InputError(f"the validation split is a share between 0 and 1, not {share:g}")


def check_folds(folds: int, images: int) -> None:
    """Raise InputError unless so many different images can be dealt out to so many folds."""
    if not 2 <= folds <= images:
        raise InputError(f"there can be 2 to {images:,} folds of these images, not {folds}")


def stratified_split(labels: NDArray[np.int64], digests: Sequence[str], share: float, seed: int) -> Part:
    """Put a share of each class's images aside to validate with: one at least, and not all.

    It depends on the images' contents and not on their names or their order, so it is the same wherever they lie.

    Args:
        labels: int64 [N], the class of each image, of which each has two that differ.
        digests: What identifies the content of each; those with the same stay together.
        share: More than 0, less than 1.
        seed: Of the choice.

    Raises:
        InputError: The share is out of range.
    """
    import numpy as np

    check_share(share)
    validates = np.zeros(len(labels), bool)
    for groups in _shuffled(labels, digests, seed):
        wanted = share * sum(map(len, groups))
        taken = 0
        for group in groups[:-1]:
            if taken and taken + len(group) / 2 > wanted:
                break
            validates[group] = True
            taken += len(group)
    return np.flatnonzero(~validates), np.flatnonzero(validates)


def stratified_folds(labels: NDArray[np.int64], digests: Sequence[str], folds: int, seed: int) -> list[Part]:
    """Deal each class's images out to folds: for each fold, the images of the others, and its own.

    Arguments as in `stratified_split`. A class with fewer images than there are folds is not in each.

    Raises:
        InputError: There are fewer than two folds, or fewer images than folds.
    """
    import numpy as np

    check_folds(folds, len(set(digests)))
    fold_of = np.empty(len(labels), np.int64)
    dealt = 0
    for groups in _shuffled(labels, digests, seed):
        for group in groups:
            fold_of[group] = dealt % folds
            dealt += 1
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(folds)]


def _shuffled(labels: NDArray[np.int64], digests: Sequence[str], seed: int) -> Iterator[list[list[int]]]:
    """Yield each class's images, those of the same content in one list, in random order."""
    import numpy as np

    random = np.random.default_rng(seed)
    for label in np.unique(labels):
        groups: dict[str, list[int]] = {}
        for place in np.flatnonzero(labels == label).tolist():
            groups.setdefault(digests[place], []).append(place)
        ordered = [groups[digest] for digest in sorted(groups)]
        yield [ordered[place] for place in random.permutation(len(ordered))]
