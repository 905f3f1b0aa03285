"""`mnclassify models import|export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.network_input import chosen_input, input_of_network_options, trust_option
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.options import terminal_options
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import DEFAULT
from mobilenet_cli.errors import InputError
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.models.manifest import Manifest

_with_input_options = option_group("network_input", chosen_input, *input_of_network_options)


@click.command("import", cls=Command)
@click.argument("source", shell_complete=completion.files)
@click.option("--name", help="Name of the model, for -m NAME  [required, except for an exported model]")
@click.option(
    "--labels", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Text file with one label per line."
)
@click.option("--image-size", type=click.IntRange(32, 1024), metavar="PIXELS", help="Input size of the network.")
@click.option(
    "--output", type=click.Choice(["logits", "probabilities", "multilabel"]), help="What the network outputs."
)
@click.option("--license", metavar="SPDX", default="", help="Licence, as shown by `models show`.")
@click.option("--overwrite", is_flag=True, help="Replace a model with this name.")
@_with_input_options
@trust_option
@terminal_options
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    source: str,
    name: str | None,
    terminal: Terminal,
    network_input: Input | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Add your own model to the store.

    SOURCE is a path: a TF-Slim checkpoint of MobileNet V1 (prefix, .index file or folder), a SavedModel folder, a
    .tar.gz or .tgz of one of these, a .tflite, .keras or .h5 file, a Teachable Machine export (folder or .zip), a
    frozen graph (.pb), the folder of a model written by `train`, or a file written by `models export`. Settings that
    you leave out are read from SOURCE or found by trying. The input size can also come from a name such as
    mobilenet_v1_0.75_224, and is otherwise 128. If the range of the input values cannot be found, the model is refused.
    """
    from mobilenet_cli.models.exported import import_exported, is_exported
    from mobilenet_cli.models.sources.local import Local

    if is_exported(file := Path(source).expanduser()):
        if network_input is not None or any(options.values()):
            raise InputError(
                f"{printable(source)} says itself what it is; it takes no options but --name and --overwrite"
            )
        with terminal.waiting() as progress:
            manifest = import_exported(file, name, overwrite=overwrite, progress=progress)
        terminal.note(f"{manifest.name} is ready: {_networks(manifest)}")
        return
    if name is None and Local.find(source) is None:
        raise InputError(f"{printable(source)} does not exist")
    if name is None:
        raise click.MissingParameter(ctx=ctx, param_hint="'--name'", param_type="option")
    from mobilenet_cli.models.importing import import_model

    with terminal.warnings_shown(), terminal.waiting() as progress:
        options |= {"overwrite": overwrite, "network_input": network_input}
        manifest = import_model(source, name, progress=progress, **options)
    network = manifest.networks["classification"]
    size = manifest.image_size
    terminal.note(f"{name} is ready: {network.classes} classes, for images of {size} pixels ({network.output})")


@click.command("export", cls=Command)
@click.argument("name", shell_complete=completion.models)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="Write to FILE, which appears once it is complete.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@terminal_options
def export(name: str, output: str, overwrite: bool, terminal: Terminal) -> None:
    """Write a model to one file for another machine.

    `models import FILE` adds it to the store there, even without TensorFlow. NAME is a model in the store, or the
    folder of a model written by `train`. FILE holds its labels and all of its compiled networks. To include the
    network that `embed` uses, first run `models pull NAME --kind both`.

    \b
    Examples:
      mnclassify models pull efficientnet_lite0 --kind both
      mnclassify models export efficientnet_lite0 -o model.zip
    """
    from mobilenet_cli.files.open import open_output
    from mobilenet_cli.models.exporting import export_model

    with open_output(output, overwrite=overwrite, resumable=False) as stream:
        manifest = export_model(name, stream)
    size = sum(record.size for record in manifest.files.values())
    terminal.note(f"{name} in {printable(output)} ({size / 1e6:.1f} MB): {_networks(manifest)}")


def _networks(manifest: Manifest) -> str:
    """Return a line on a model's compiled networks: "classification at 224 pixels (float32, int8)"."""
    parts = []
    for kind, network in manifest.networks.items():
        for size, compiled in network.compiled.items():
            precisions = ", ".join([DEFAULT, *compiled.variants])
            parts.append(f"{kind.replace('_', ' ')} at {size} pixels ({precisions})")
    return ", ".join(parts)
