"""`--precision` and `--precision-photos`: the numbers that a network multiplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import click

from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.engines.precision import DEFAULT, Precision


@dataclass(frozen=True, slots=True)
class PrecisionChoice:
    """The numbers that the network multiplies, and the folder of photographs on which it is rounded to them."""

    precision: Precision
    precision_photos: str | None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that a Classifier and an Embedder take."""
        return {"precision": self.precision, "precision_photos": self.precision_photos}


def _precision_choice(precision: Precision, precision_photos: str | None) -> PrecisionChoice:
    if precision_photos is not None and precision == DEFAULT:
        raise click.UsageError("--precision-photos goes with --precision bfloat16 or int8")
    return PrecisionChoice(precision, precision_photos)


precision_options = option_group(
    "precision",
    _precision_choice,
    click.option(
        "--precision",
        type=click.Choice(get_args(Precision)),
        default=DEFAULT,
        show_default=True,
        help="Number format for inference. bfloat16 (OpenVINO) and int8 are faster on processors that support them, "
        "and change a few labels.",
    ),
    click.option(
        "--precision-photos",
        type=click.Path(exists=True, file_okay=False),
        metavar="FOLDER",
        help="With --precision: images like yours, on which the network is rounded, once  "
        "[default: those used before, else images included with this program]",
    ),
    heading="Model",
)
