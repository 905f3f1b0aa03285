from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import click
import pytest
from click.testing import CliRunner

from mobilenet_cli.cli.fine_tune_options import fine_tune_options
from mobilenet_cli.errors import InputError
from mobilenet_cli.training.whole.options import Augmentation, FineTuning


def parsed(*arguments: str) -> FineTuning | None:
    @click.command()
    @fine_tune_options
    def command(tuning: FineTuning | None) -> FineTuning | None:
        return tuning

    return command.main(list(arguments), standalone_mode=False)


def test_without_fine_tune_there_is_none() -> None:
    assert parsed() is None


def test_the_defaults_are_those_of_make_image_classifier() -> None:
    # As its get_default_hparams() has them.
    assert parsed("--fine-tune") == FineTuning(
        epochs=5,
        batch_size=32,
        learning_rate=0.005,
        momentum=0.9,
        batch_norm_momentum=None,
        dropout=0.2,
        l1=0.0,
        l2=0.0001,
        label_smoothing=0.1,
        augmentation=None,
        patience=None,
        distribution_strategy="none",
    )
    augmented = parsed("--fine-tune", "--augment")
    assert augmented is not None
    assert augmented.augmentation == Augmentation(True, 0.2, 0.2, 0.2, 40, 0)


def test_every_option_reaches_its_field() -> None:
    values = {
        "epochs": 2,
        "learning_rate": 0.01,
        "momentum": 0.5,
        "batch_norm_momentum": 0.997,
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "l1": 0.01,
        "l2": 0.02,
        "patience": 3,
        "distribution_strategy": "mirrored",
    }
    ranges = {"rotation": 10, "width_shift": 0.1, "height_shift": 0.3, "zoom": 0.4, "shear": 5}
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in (values | ranges).items()]
    expected = FineTuning(**values, augmentation=Augmentation(flip=False, **ranges))
    assert parsed("--fine-tune", "--augment", "--no-flip", *arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "3"], "--epochs needs --fine-tune"),
        (["--no-flip"], "--flip needs --fine-tune"),
        (["--fine-tune", "--rotation", "10"], "--rotation needs --augment"),
        (["--fine-tune", "--epochs", "0"], "x>=1"),
        (["--fine-tune", "--batch-norm-momentum", "1.5"], "0<=x<=1"),
        (["--fine-tune", "--dropout", "1"], "0<=x<1"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: list[str], message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        parsed(*arguments)


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"patience": 0},
        {"learning_rate": -0.1},
        {"learning_rate": math.inf},
        {"momentum": 1.5},
        {"dropout": 1.0},
        {"label_smoothing": math.nan},
        {"batch_norm_momentum": 2},
        {"distribution_strategy": "all"},
    ],
)
def test_a_value_out_of_range_is_told_before_any_work(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(values))} is "):
        FineTuning(**values)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="learning_rate is from 0 to any number, not nan"):
        parsed("--fine-tune", "--learning-rate", "nan")


@pytest.mark.parametrize("values", [{"zoom": 1}, {"rotation": -1}, {"shear": 90}, {"width_shift": 1.1}])
def test_a_range_that_makes_no_image_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(values))} is "):
        Augmentation(**values)


def test_the_help_says_the_units_and_defaults() -> None:
    @click.command()
    @fine_tune_options
    def command(tuning: FineTuning | None) -> None: ...

    text = " ".join(CliRunner().invoke(command, ["--help"], terminal_width=100).output.split())
    for part in (
        "--rotation DEGREES Maximum rotation. [default: 40.0]",
        "--batch-norm-momentum FRACTION",
        "0.997",
    ):
        assert part in text


def test_the_options_import_nothing_heavy() -> None:
    code = (
        "import sys, mobilenet_cli.cli.fine_tune_options\n"
        "print(*{'numpy', 'tensorflow', 'PIL', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr
