"""What the shell completes: file names and the names of models. Click makes the scripts for bash, zsh and fish."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, FishComplete, ZshComplete, add_completion_class


@add_completion_class
class _FishComplete(FishComplete):
    """Click's, with a script that does not cut descriptions at their first comma."""

    source_template = FishComplete.source_template.replace('string split ","', 'string split --max 1 ","')


@add_completion_class
class _ZshComplete(ZshComplete):
    """Click's, whose script takes three lines an item and loses those that are empty."""

    def format_completion(self, item: CompletionItem) -> str:
        # Where there is no value, as of files, the script has no use for it.
        return super().format_completion(item if item.value else CompletionItem("_", item.type, item.help))


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, which knows files best."""
    return [CompletionItem(incomplete, type="file")]


def models(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the models that are known by name or stored, and leave paths to the shell."""
    from mobilenet_cli.errors import StoreError
    from mobilenet_cli.models import AUTO, catalogue

    try:
        names = [AUTO, *catalogue.names()]
    except StoreError:  # it is told where the command runs
        names = []
    known = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return known or files(ctx, parameter, incomplete)
