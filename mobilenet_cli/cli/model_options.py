"""The options that choose the model, and how images are prepared for it."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, get_args

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.help import under
from mobilenet_cli.cli.network_input import chosen_input, input_of_network_options, trust_option
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.engines import ENGINES, EngineName
from mobilenet_cli.engines.network_input import Channels, Input
from mobilenet_cli.images.preprocess import Crop
from mobilenet_cli.models import AUTO
from mobilenet_cli.postprocess.topk import is_temperature
from mobilenet_cli.progress import Progress
from mobilenet_cli.text import counted, printable

if TYPE_CHECKING:
    from mobilenet_cli.cli.terminal import Terminal
    from mobilenet_cli.models.acquire import Model


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model, and how images are prepared for it."""

    model: str
    engine: EngineName
    image_size: int | None
    crop: Crop | None
    offline: bool
    network_input: Input | None = None
    trust_model: bool = False

    def arguments(self, progress: Progress) -> dict[str, Any]:
        """Return the arguments that a Classifier and an Embedder take."""
        return {**{field.name: getattr(self, field.name) for field in fields(self)}, "progress": progress}


def _insecure(_: click.Context, __: click.Parameter, value: bool) -> None:
    """Set the variable, which the process that downloads reads too."""
    if value:
        os.environ["MNCLASSIFY_INSECURE"] = "1"


insecure_option = click.option(
    "--insecure",
    is_flag=True,
    envvar="MNCLASSIFY_INSECURE",
    show_envvar=True,
    expose_value=False,
    callback=_insecure,
    help="Download models over plain http too.",
)


def describe_model(terminal: Terminal, model: Model, seconds: float) -> None:
    """Print, with -v, which model runs how, and how long it took to be ready."""
    classes = f"{counted(model.network.classes, 'class')}, " if model.kind == "classification" else ""
    terminal.detail(
        f"model: {printable(model.name)}, {classes}{model.image_size} pixels; engine: {model.engine}; "
        f"ready in {seconds:.2f} s"
    )


def _model_choice(
    model: str,
    engine: EngineName,
    image_size: int | None,
    crop: Crop | None,
    offline: bool,
    input_range: str | None,
    mean: str | None,
    std: str | None,
    channels: Channels | None,
    trust_model: bool,
) -> ModelChoice:
    taken = chosen_input(input_range, mean, std, channels)
    return ModelChoice(model, engine, image_size, crop, offline, taken, trust_model)


model_options = option_group(
    "model",
    _model_choice,
    click.option(
        "-m",
        "--model",
        default=AUTO,
        show_default=True,
        envvar="MNCLASSIFY_MODEL",
        show_envvar=True,
        metavar="NAME|URL|PATH",
        shell_complete=completion.models,
        help="Model name, TF Hub handle, or path to a SavedModel, checkpoint, archive, .tflite file, Keras file, or "
        "a model that you trained.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["auto", *ENGINES]),
        default="auto",
        show_default=True,
        help="Inference engine.",
    ),
    click.option(
        "--image-size", type=int, metavar="PIXELS", help="Input size of the network  [default: the model's own]"
    ),
    click.option(
        "--crop",
        type=click.Choice(get_args(Crop)),
        help="How to make images square  [default: the model's own]",
    ),
    click.option(
        "--offline",
        is_flag=True,
        envvar="MNCLASSIFY_OFFLINE",
        show_envvar=True,
        help="Never download models.",
    ),
    insecure_option,
    *input_of_network_options,
    trust_option,
    heading="Model",
    but=("offline", "trust_model", "insecure"),
)


def _temperature(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not is_temperature(value):
        raise click.BadParameter(f"a temperature is a number above 0, not {value:g}")
    return value


temperature_option = under(
    "Model",
    click.option(
        "--temperature",
        type=float,
        metavar="T",
        callback=_temperature,
        help="Divide the logits by T; above 1 lowers the scores  [default: the model's own]",
    ),
)

labels_option = under(
    "Model",
    click.option(
        "--labels",
        type=click.Path(exists=True, dir_okay=False),
        help="Text file with one label per line, to replace the model's own labels.",
    ),
)
