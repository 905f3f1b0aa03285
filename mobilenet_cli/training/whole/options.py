"""Training a whole network on new classes: the options, and the record of a training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from mobilenet_cli.errors import InputError

LabelledPath = tuple[str, int]
"""An image's path and the index of its class."""

DistributionStrategy = Literal["none", "mirrored"]


def _check(name: str, value: float, limit: float, *, below: bool = False) -> None:
    """Raise InputError unless the value is from 0 to the limit, or below it; NaN is neither."""
    if not (0 <= value < limit or (value == limit and not below)):
        most = "any number" if limit == math.inf else f"{'less than ' if below else ''}{limit:g}"
        raise InputError(f"{name} is from 0 to {most}, not {value:g}")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How training images are distorted at random, anew in each epoch; all ranges are symmetric.

    What comes into view from beyond an edge repeats the edge. The defaults, but for the shear, are those of
    TF Hub's `make_image_classifier`.

    Attributes:
        flip: Whether half of the images are mirrored, left to right.
        width_shift: Largest shift to the left or right, as a fraction of the width, 0 to 1.
        height_shift: Largest shift up or down, as a fraction of the height, 0 to 1.
        zoom: 0.2 scales width and height, each for itself, by a factor from 0.8 to 1.2; 0 to less than 1.
        rotation: Largest angle either way, in degrees, 0 to 180.
        shear: Largest slant either way, in degrees, 0 to less than 90.

    Raises:
        InputError: A value is out of range.
    """

    flip: bool = True
    width_shift: float = 0.2
    height_shift: float = 0.2
    zoom: float = 0.2
    rotation: float = 40.0
    shear: float = 0.0

    def __post_init__(self) -> None:
        """Raise InputError where a value is out of range."""
        for name in ("width_shift", "height_shift"):
            _check(name, getattr(self, name), 1)
        _check("zoom", self.zoom, 1, below=True)
        _check("rotation", self.rotation, 180)
        _check("shear", self.shear, 90, below=True)


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How a network is trained: by gradient descent with momentum, on the cross-entropy of its softmax.

    The defaults are those of TF Hub's `make_image_classifier`.

    Attributes:
        epochs: How often every training image is seen, at most.
        batch_size: Images a step at most: an epoch's are spread evenly over as few steps as that allows.
        learning_rate: Of the gradient descent.
        momentum: Of the gradient descent, 0 to 1.
        batch_norm_momentum: How much of the batch norms' moving averages is kept in each step, 0 to 1; None:
            the module's own, 0.99.
        dropout: Fraction of the features that each step leaves out, 0 to less than 1.
        label_smoothing: Fraction of the target that is spread over all classes, 0 to 1.
        l1: Factor of the sum of the new head's absolute weights, in the loss.
        l2: Factor of the sum of their squares, in the loss.
        augmentation: How training images are distorted; None: not at all.
        patience: Stop after so many epochs without a better validation loss; None: do all epochs.
        distribution_strategy: "mirrored" spreads each batch over all GPUs of this machine.

    Raises:
        InputError: A value is out of range.
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 0.005
    momentum: float = 0.9
    batch_norm_momentum: float | None = None
    dropout: float = 0.2
    label_smoothing: float = 0.1
    l1: float = 0.0
    l2: float = 1e-4
    augmentation: Augmentation | None = None
    patience: int | None = None
    distribution_strategy: DistributionStrategy = "none"

    def __post_init__(self) -> None:
        """Raise InputError where a value is out of range."""
        for name in ("epochs", "batch_size", "patience"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise InputError(f"{name} is at least 1, not {number}")
        for name in ("learning_rate", "l1", "l2"):
            _check(name, getattr(self, name), math.inf, below=True)
        for name in ("momentum", "label_smoothing"):
            _check(name, getattr(self, name), 1)
        _check("dropout", self.dropout, 1, below=True)
        if self.batch_norm_momentum is not None:
            _check("batch_norm_momentum", self.batch_norm_momentum, 1)
        if self.distribution_strategy not in get_args(DistributionStrategy):
            raise InputError(f"distribution_strategy is none or mirrored, not {self.distribution_strategy!r}")


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training images.

    Attributes:
        loss: Cross-entropy, the mean of −ln of the true class's score, over the training images as they were
            trained on. What the training lowers is this with label smoothing, plus the regularisation.
        accuracy: Fraction of them that were classified right while they were trained on.
        validation_loss: Likewise, of the validation images after the epoch; None where there are none.
        validation_accuracy: Likewise.
    """

    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None


@dataclass(frozen=True, slots=True)
class History:
    """What became of a training.

    Attributes:
        epochs: Those that were completed, in their order.
        best_epoch: Whose weights were saved, from 1: the one of the lowest validation loss, or training loss
            where nothing validates.
        interrupted: Whether SIGINT ended it.
    """

    epochs: tuple[Epoch, ...]
    best_epoch: int
    interrupted: bool
