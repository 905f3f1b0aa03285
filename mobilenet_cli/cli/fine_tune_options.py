"""`--fine-tune` and the options that need it."""

from __future__ import annotations

from typing import Any, get_args

import click

from mobilenet_cli.cli.help import Decorator
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.training.whole.options import Augmentation, DistributionStrategy, FineTuning

_USUAL, _USUAL_AUGMENTATION = FineTuning(), Augmentation()
_FRACTION = click.FloatRange(0, 1)
_FRACTION_BELOW_1 = click.FloatRange(0, 1, max_open=True)
_FACTOR = click.FloatRange(min=0)
_RANGES = ("flip", "rotation", "width_shift", "height_shift", "zoom", "shear")


def _fine_tuning(
    fine_tune: bool,
    epochs: int | None,
    learning_rate: float | None,
    momentum: float | None,
    batch_norm_momentum: float | None,
    dropout: float | None,
    label_smoothing: float | None,
    l1: float | None,
    l2: float | None,
    patience: int | None,
    augment: bool | None,
    flip: bool | None,
    rotation: float | None,
    width_shift: float | None,
    height_shift: float | None,
    zoom: float | None,
    shear: float | None,
    distribution_strategy: str | None,
) -> FineTuning | None:
    """Return the chosen settings, or None without --fine-tune."""
    given: dict[str, Any] = {name: value for name, value in locals().items() if value is not None}
    del given["fine_tune"]
    if not fine_tune:
        if given:
            raise click.UsageError(f"{_option(next(iter(given)))} needs --fine-tune")
        return None
    is_augmented = given.pop("augment", False)
    ranges = {name: given.pop(name) for name in _RANGES if name in given}
    if ranges and not is_augmented:
        raise click.UsageError(f"{_option(next(iter(ranges)))} needs --augment")
    return FineTuning(**given, augmentation=Augmentation(**ranges) if is_augmented else None)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _number(name: str, kind: click.IntRange | click.FloatRange, metavar: str, text: str, usual: object) -> Decorator:
    return click.option(_option(name), name, type=kind, metavar=metavar, help=f"{text}  [default: {usual}]")


fine_tune_options = option_group(
    "tuning",
    _fine_tuning,
    click.option(
        "--fine-tune",
        is_flag=True,
        help="Train the whole network, not just a new head; --batch-size then defaults to 32.",
    ),
    _number("epochs", click.IntRange(1), "N", "Maximum number of passes over the training images.", _USUAL.epochs),
    _number("learning_rate", _FACTOR, "RATE", "Learning rate of gradient descent.", _USUAL.learning_rate),
    _number("momentum", _FRACTION, "FRACTION", "Momentum of gradient descent.", _USUAL.momentum),
    _number(
        "batch_norm_momentum",
        _FRACTION,
        "FRACTION",
        "Momentum of the batch-norm averages: 0.99 to 0.997; lower for short runs.",
        0.99,
    ),
    _number("dropout", _FRACTION_BELOW_1, "FRACTION", "Share of features dropped at each step.", _USUAL.dropout),
    _number(
        "label_smoothing",
        _FRACTION_BELOW_1,
        "FRACTION",
        "Share of the target spread evenly over all classes.",
        _USUAL.label_smoothing,
    ),
    _number("l1", _FACTOR, "FACTOR", "L1 regularisation of the head.", _USUAL.l1),
    _number("l2", _FACTOR, "FACTOR", "L2 regularisation of the head.", _USUAL.l2),
    _number("patience", click.IntRange(1), "N", "Stop after N epochs without a lower validation loss.", "never"),
    click.option("--augment", is_flag=True, default=None, help="Augment the training images within the ranges below."),
    click.option("--flip/--no-flip", default=None, help="Randomly mirror images left to right.  [default: --flip]"),
    _number("rotation", click.FloatRange(0, 180), "DEGREES", "Maximum rotation.", _USUAL_AUGMENTATION.rotation),
    _number(
        "width_shift",
        _FRACTION,
        "FRACTION",
        "Maximum horizontal shift, as a share of the width.",
        _USUAL_AUGMENTATION.width_shift,
    ),
    _number(
        "height_shift",
        _FRACTION,
        "FRACTION",
        "Maximum vertical shift, as a share of the height.",
        _USUAL_AUGMENTATION.height_shift,
    ),
    _number("zoom", _FRACTION_BELOW_1, "FRACTION", "Maximum scaling of width and height.", _USUAL_AUGMENTATION.zoom),
    _number("shear", click.FloatRange(0, 90, max_open=True), "DEGREES", "Maximum shear.", _USUAL_AUGMENTATION.shear),
    click.option(
        "--distribution-strategy",
        type=click.Choice(get_args(DistributionStrategy)),
        help="mirrored splits each batch across all GPUs.  [default: none]",
    ),
    heading="Fine-tuning",
)
