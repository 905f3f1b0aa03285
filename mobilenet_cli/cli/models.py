"""`mnclassify models list|show|pull|import|export|remove|verify`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from mobilenet_cli.cli import PROGRAM, completion
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import Group
from mobilenet_cli.cli.model_files import export, import_
from mobilenet_cli.cli.model_options import insecure_option
from mobilenet_cli.cli.options import terminal_options
from mobilenet_cli.cli.precision_options import PrecisionChoice, precision_options
from mobilenet_cli.cli.terminal import Terminal, say
from mobilenet_cli.errors import ModelError
from mobilenet_cli.json_lines import encoded
from mobilenet_cli.records import NetworkKind


class _Models(Group):
    """The commands of `models`; one that does not exist is answered with the one that was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return the command that the arguments begin with. Raises UsageError."""
        if args and not ctx.resilient_parsing and args[0] not in self.commands and not args[0].startswith("-"):
            from mobilenet_cli.cli.mistyped import meant_of_models

            instead = meant_of_models(args[0], self.commands)
            advice = instead or f"there are {', '.join(self.commands)}"
            raise click.UsageError(f"models has no command {args[0]!r}; {advice}", ctx)
        return super().resolve_command(ctx, args)


@click.group("models", cls=_Models, no_args_is_help=True)
def command() -> None:
    """List, download, import, export, verify and remove models.

    \b
    Examples:
      mnclassify models list
      mnclassify models pull auto mobilenet_v1_050_160
      mnclassify models import mobilenet_v1_0.75_224.tgz --name mine
      mnclassify photos/ -m mine
      mnclassify models export mine -o mine.zip

    Models are kept in your cache folder, or in MNCLASSIFY_HOME.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead of a table.")
def list_models(as_json: bool) -> None:
    """List all known models.

    A model is stored (ready to use), embedded (installed with this program and built on first use), remote
    (downloaded on first use) or damaged (see `models verify`). Accuracies are published figures, in percent of the
    ImageNet validation images; parameters and multiply-adds are in millions.
    """
    from mobilenet_cli.cli import models_text
    from mobilenet_cli.models import catalogue

    models = catalogue.listed()
    say(_json([asdict(model) for model in models]) if as_json else models_text.table(models))


@command.command("show")
@click.argument("name", shell_complete=completion.models)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of text.")
def show(name: str, as_json: bool) -> None:
    """Show details of the model NAME."""
    from mobilenet_cli.cli import models_text
    from mobilenet_cli.models import catalogue

    facts = catalogue.described(name)
    say(_json(facts) if as_json else models_text.page(facts))


@command.command("pull")
@click.argument("names", nargs=-1, required=True, metavar="NAMES…", shell_complete=completion.models)
@click.option("--image-size", type=int, metavar="PIXELS", help="Input size of the network  [default: the model's own]")
@click.option(
    "--kind",
    type=click.Choice(["classification", "feature_vector", "both"]),
    default="classification",
    show_default=True,
    help="Network to get; `embed` uses feature_vector.",
)
@insecure_option
@precision_options
@terminal_options
def pull(
    names: tuple[str, ...], image_size: int | None, kind: Any, precision: PrecisionChoice, terminal: Terminal
) -> int:
    """Download and compile models in advance.

    Afterwards, using them needs neither a connection nor TensorFlow. NAMES are the same as for -m, including auto.
    If a model is unavailable, the others are still pulled, and the exit code is 3.
    """
    from mobilenet_cli.models.upkeep import pull as pull_model

    kinds: tuple[NetworkKind, ...] = ("classification", "feature_vector") if kind == "both" else (kind,)

    def ready(name: str) -> None:
        with terminal.warnings_shown(), terminal.waiting() as progress:
            models = pull_model(name, kinds, image_size, progress, **precision.arguments())
        terminal.note(f"{models[0].name} is ready for images of {models[0].image_size} pixels")

    return _each(names, ready)


command.add_command(import_)
command.add_command(export)


@command.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAMES…", shell_complete=completion.models)
@terminal_options
def remove(names: tuple[str, ...], terminal: Terminal) -> int:
    """Remove models from the store."""
    from mobilenet_cli.models.upkeep import remove as remove_model

    def removed(name: str) -> None:
        remove_model(name)
        terminal.note(f"removed {name}")

    return _each(names, removed)


@command.command("verify")
@click.argument("names", nargs=-1, metavar="[NAMES…]", shell_complete=completion.models)
def verify(names: tuple[str, ...]) -> int:
    """Check stored models against their hashes.

    Checks all models by default. The exit code is 1 if a file is missing or has changed.
    """
    from mobilenet_cli.models.upkeep import verify as verified

    code = 0
    for name, problems in verified(names):
        for problem in problems:
            say(f"{name}: {problem}")
        if problems:
            code = ExitCode.FAILED
        else:
            say(f"{name}: ok")
    if code:
        say("`mnclassify models remove NAME` removes a model, so that it is fetched or imported again", err=True)
    return code


def _each(names: tuple[str, ...], do: Callable[[str], None]) -> int:
    """Call `do` for each name, print what fails, and return the exit code."""
    code = 0
    for name in names:
        try:
            do(name)
        except ModelError as error:
            say(f"{PROGRAM}: {error}", err=True)
            code = ExitCode.NO_MODEL
    return code


def _json(value: Any) -> str:
    return encoded(value, indent=2).decode()
