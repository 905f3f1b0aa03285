"""Training a whole network on new classes: its options and its history."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from mobilenet_cli.errors import InputError

LabelledPath = tuple[str, int]
"""An image's path and the index of its class."""

DistributionStrategy = Literal["none", "mirrored"]


def _check(name: str, value: float, limit: float, *, below: bool = False) -> None:
    """Raise InputError unless 0 <= value <= limit; with `below`, unless 0 <= value < limit. NaN is refused."""
    if not (0 <= value < limit or (value == limit and not below)):
        most = "any number" if limit == math.inf else f"{'less than ' if below else ''}{limit:g}"
        raise InputError(f"{name} is from 0 to {most}, not {value:g}")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Random distortions of the training images, drawn again in each epoch. All ranges are symmetric.

    Pixels from beyond an edge repeat the edge. The defaults, except for the shear, are those of TF Hub's
    `make_image_classifier`.

    Attributes:
        flip: Whether to mirror half of the images, left to right.
        width_shift: Largest shift to the left or right, as a fraction of the width, 0 to 1.
        height_shift: Largest shift up or down, as a fraction of the height, 0 to 1.
        zoom: Largest change of scale, drawn separately for width and height: 0.2 gives factors from 0.8 to 1.2; 0 to
            less than 1.
        rotation: Largest angle in either direction, in degrees, 0 to 180.
        shear: Largest slant in either direction, in degrees, 0 to less than 90.

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
    """Options of the training: gradient descent with momentum on the softmax cross-entropy.

    The defaults are those of TF Hub's `make_image_classifier`.

    Attributes:
        epochs: Maximum number of passes over the training images.
        batch_size: Maximum number of images per step. An epoch is spread evenly over as few steps as that allows.
        learning_rate: Learning rate of the gradient descent.
        momentum: Momentum of the gradient descent, 0 to 1.
        batch_norm_momentum: Fraction of the batch norms' moving averages that each step keeps, 0 to 1; None for the
            module's own, 0.99.
        dropout: Fraction of the features that each step drops, 0 to less than 1.
        label_smoothing: Fraction of the target that is spread over all classes, 0 to 1.
        l1: Weight in the loss of the sum of the new head's absolute weights.
        l2: Weight in the loss of the sum of their squares.
        augmentation: How to distort training images; None for not at all.
        patience: Epochs without a better validation loss after which to stop; None to run all epochs.
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
        loss: Cross-entropy, the mean of −ln of the true class's probability, over the training images as they were
            trained on. The training minimises this with label smoothing, plus the regularisation.
        accuracy: Fraction of the training images that were classified right while they were trained on.
        validation_loss: The cross-entropy of the validation images after the epoch; None without such images.
        validation_accuracy: Fraction of the validation images that are classified right after the epoch; None too.
    """

    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None


@dataclass(frozen=True, slots=True)
class History:
    """The course of a training.

    Attributes:
        epochs: The completed epochs, in order.
        best_epoch: The number, from 1, of the epoch whose weights were saved: that of the lowest validation loss, or
            of the lowest training loss where there are no validation images.
        interrupted: Whether SIGINT ended the training.
        temperature: The divisor of the logits, fitted on the validation images; 1 where there are none.
    """

    epochs: tuple[Epoch, ...]
    best_epoch: int
    interrupted: bool
    temperature: float = 1.0
