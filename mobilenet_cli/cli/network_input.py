"""--input-range, --mean, --std and --channels: the numbers that a model file takes."""

from __future__ import annotations

import re
from typing import get_args

import click

from mobilenet_cli.engines.network_input import Channels, Input
from mobilenet_cli.errors import InputError

input_of_network_options = (
    click.option(
        "--input-range",
        metavar="MIN:MAX",
        help="For model files: values of black and white, such as -1:1  [default: detected]",
    ),
    click.option(
        "--mean", metavar="N[,N,N]", help="For model files: mean to subtract, on a scale of 0 to 1 or 0 to 255."
    ),
    click.option(
        "--std", metavar="N[,N,N]", help="For model files: standard deviation to divide by, on the scale of --mean."
    ),
    click.option(
        "--channels", type=click.Choice(get_args(Channels)), help="For model files: channel order  [default: rgb]"
    ),
)

trust_option = click.option(
    "--trust-model",
    is_flag=True,
    help="Run code and file operations that a model file contains. They can do anything.",
)


def chosen_input(input_range: str | None, mean: str | None, std: str | None, channels: Channels | None) -> Input | None:
    """Return what the options say, None where none is given.

    A mean and a deviation of which no number is above 1 are of pixels from 0 to 1, others of pixels from 0 to 255.

    Raises:
        UsageError: They exclude each other, or are no numbers.
    """
    order = channels or "rgb"
    try:
        if input_range is not None:
            if mean is not None or std is not None:
                raise click.UsageError("--input-range and --mean with --std exclude each other: give one of them")
            return Input.of_range(*_range(input_range), order)
        if mean is not None and std is not None:
            return _normalised(_numbers("--mean", mean), _numbers("--std", std), order)
    except InputError as error:
        raise click.UsageError(str(error)) from error
    if mean is not None or std is not None:
        raise click.UsageError("--mean and --std are given together")
    if channels is not None:
        raise click.UsageError("--channels is given with --input-range, or with --mean and --std")
    return None


def _normalised(mean: list[float], std: list[float], order: Channels) -> Input:
    if max(*mean, *std) > 1:
        return Input.of_pixels(mean, std, order)
    return Input.of_pixels([number * 255 for number in mean], [number * 255 for number in std], order)


def _range(text: str) -> tuple[float, float]:
    numbers = _numbers("--input-range", re.sub(r":|\.\.|…", ",", text))
    if len(numbers) != 2:
        raise click.UsageError(f"--input-range is two numbers, MIN:MAX, not {text!r}")
    return numbers[0], numbers[1]


def _numbers(option: str, text: str) -> list[float]:
    try:
        return [float(part.replace("−", "-")) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(f"{option} is a number or several with commas between them, not {text!r}") from None
