"""`--precision` and `--calibrate`: the numbers that a network multiplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import click

from mobilenet_cli.cli.help import under
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.engines.precision import DEFAULT, Precision

precision_option = under(
    "Model",
    click.option(
        "--precision",
        type=click.Choice(get_args(Precision)),
        default=DEFAULT,
        show_default=True,
        help="Number format for inference. bfloat16 (OpenVINO) and int8 are faster on processors that support them, "
        "and change a few labels.",
    ),
)


@dataclass(frozen=True, slots=True)
class PrecisionChoice:
    """The numbers that the network multiplies, and the folder of the photographs on which they are measured."""

    precision: Precision
    calibrate: str | None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that a Classifier and an Embedder take."""
        return {"precision": self.precision, "calibrate": self.calibrate}


def _precision_choice(precision: Precision, calibrate: str | None) -> PrecisionChoice:
    if calibrate is not None and precision == DEFAULT:
        raise click.UsageError("--calibrate goes with --precision bfloat16 or int8")
    return PrecisionChoice(precision, calibrate)


precision_options = option_group(
    "precision",
    _precision_choice,
    precision_option,
    click.option(
        "--calibrate",
        type=click.Path(exists=True, file_okay=False),
        metavar="FOLDER",
        help="With --precision: sample images for calibrating the network, done once  "
        "[default: images included with this program]",
    ),
    heading="Model",
)
