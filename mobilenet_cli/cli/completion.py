"""Shell completion of files and model names. Click generates the scripts for bash, zsh and fish."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, FishComplete, ZshComplete, add_completion_class


@add_completion_class
class _FishComplete(FishComplete):
    """Click's completion for fish, with a script that does not cut descriptions at their first comma."""

    source_template = FishComplete.source_template.replace('string split ","', 'string split --max 1 ","')


@add_completion_class
class _ZshComplete(ZshComplete):
    """Click's completion for zsh. Its script reads three lines per item but drops empty ones, so none may be empty."""

    def format_completion(self, item: CompletionItem) -> str:
        # The script ignores the value of an item without one, such as files.
        return super().format_completion(item if item.value else CompletionItem("_", item.type, item.help))


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete files."""
    return [CompletionItem(incomplete, type="file")]


def models(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of registered and stored models; let the shell complete anything else as a path."""
    from mobilenet_cli.errors import StoreError
    from mobilenet_cli.models import AUTO, catalogue

    try:
        names = [AUTO, *catalogue.names()]
    except StoreError:  # the command itself will print it
        names = []
    known = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return known or files(ctx, parameter, incomplete)


def kinds(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the everyday words for kinds of images."""
    from mobilenet_cli.taxonomy import load

    return [CompletionItem(word) for word in sorted(load().words.values()) if word.startswith(incomplete)]
