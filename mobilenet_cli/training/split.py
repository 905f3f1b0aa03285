"""Splits into training and validation images: stratified by class, fixed by a seed, copies of an image together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Split = tuple[NDArray[np.int64], NDArray[np.int64]]
    """The places of the training images and of the validation images, each int64, ascending."""

MOST_SEED = 2**32 - 1
"""The limit of tf_keras, which trains whole networks. It holds for a new head too, so that a seed fits both."""


@dataclass(frozen=True, slots=True)
class Validation:
    """How to hold images out of the training.

    Attributes:
        share: Share of each class's images that validates, greater than 0 and less than 1.
        folds: Folds of a cross-validation, which replaces the share; None for a single split.

    Raises:
        InputError: The share is out of range.
    """

    share: float
    folds: int | None = None

    def __post_init__(self) -> None:
        """Raise InputError where the share is out of range."""
        check_share(self.share)

    def check_enough(self, images: int) -> None:
        """Raise InputError if there are more folds than images, or fewer than two folds."""
        if self.folds is not None:
            check_folds(self.folds, images)

    def splits(self, labels: NDArray[np.int64], digests: Sequence[str], seed: int) -> tuple[Split, ...]:
        """Return the single split, or one per fold. See `stratified_split` and `stratified_folds`."""
        if self.folds is None:
            return (stratified_split(labels, digests, self.share, seed),)
        return tuple(stratified_folds(labels, digests, self.folds, seed))


def split_by(validates: Sequence[bool]) -> Split:
    """Return the split in which the images validate that `validates` says so of."""
    import numpy as np

    held = np.asarray(validates, bool)
    return np.flatnonzero(~held), np.flatnonzero(held)


def check_share(share: float) -> None:
    """Raise InputError unless the share is greater than 0 and less than 1."""
    if not 0 < share < 1:
        raise InputError(f"the validation split is a share between 0 and 1, not {share:g}")


def check_folds(folds: int, images: int) -> None:
    """Raise InputError unless there are at least two folds, and at least one image for each."""
    if not 2 <= folds <= images:
        raise InputError(f"there can be 2 to {images:,} folds of these images, not {folds}")


def stratified_split(labels: NDArray[np.int64], digests: Sequence[str], share: float, seed: int) -> Split:
    """Hold out a share of each class's images for validation: at least one, and not all.

    The choice depends on the images' contents, and not on their names or their order.

    Args:
        labels: int64 [N], the class of each image. Each class has at least two different images.
        digests: A hash of each image's content. Images of the same content stay together.
        share: Share of each class's images, greater than 0 and less than 1.
        seed: Seed of the choice.

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


def stratified_folds(labels: NDArray[np.int64], digests: Sequence[str], folds: int, seed: int) -> list[Split]:
    """Deal each class's images out to folds, and return one split per fold, in which that fold validates.

    The other arguments are those of `stratified_split`. A class with fewer images than folds is not in every fold.

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
    """Yield the places of each class's images in random order, grouped by content."""
    import numpy as np

    random = np.random.default_rng(seed)
    for label in np.unique(labels):
        groups: dict[str, list[int]] = {}
        for place in np.flatnonzero(labels == label).tolist():
            groups.setdefault(digests[place], []).append(place)
        ordered = [groups[digest] for digest in sorted(groups)]
        yield [ordered[place] for place in random.permutation(len(ordered))]
