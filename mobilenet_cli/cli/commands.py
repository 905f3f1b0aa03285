"""The table of commands, and the group of them that imports a command when it is run, not when it is listed."""

from __future__ import annotations

import gc
import os
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from mobilenet_cli.cli.completion import files

_DEFAULT = "classify"
SUMMARIES = {
    _DEFAULT: "Label every image in SOURCES.",
    "sort": "Sort images into folders by what they show.",
    "report": "Make an HTML page from saved results.",
    "xmp": "Write keywords from saved results to XMP sidecar files.",
    "embed": "Compute feature vectors, or find similar images.",
    "train": "Train a model on your own images.",
    "evaluate": "Measure a model's accuracy on labelled images.",
    "kinds": "List the words you can search and sort by.",
    "models": "List, download, import, export, verify and remove models.",
}
"""Each command, the most used first, which is `command` in the module of its name here, and the first line of its help.

The line is repeated here so that listing the commands does not import them.
"""


class ReaderLeftError(Exception):
    """The reader of our output has closed the pipe."""


class Commands(click.Group):
    """A group with a default command, whose commands are imported when they are run or their own help is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None if there is none of that name."""
        if cmd_name not in SUMMARIES:
            return None
        command: click.Command = import_module(f"mobilenet_cli.cli.{cmd_name}").command
        if not gc.isenabled():  # The program has switched it off for its start.
            # What is imported stays: to look through it for garbage again and again costs a tenth of a short run.
            gc.freeze()
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command and its summary, whole: Click would cut it in a narrow terminal."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the arguments. Raises ReaderLeftError."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError as error:  # from --help and --version
            raise ReaderLeftError from error

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Raises ReaderLeftError."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderLeftError from error  # Click would exit with 1

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the first word: a command, or an argument of the default command."""
        classify = self.get_command(ctx, _DEFAULT)
        assert classify is not None  # noqa: S101 - it is in the table
        if incomplete.startswith("-"):
            return [*click.Command.shell_complete(self, ctx, incomplete), *classify.shell_complete(ctx, incomplete)]
        commands = [CompletionItem(name, help=_summary(name)) for name in SUMMARIES if name.startswith(incomplete)]
        # Files first: if they come last, Click's script for bash drops the commands.
        return [*files(ctx, classify.params[0], incomplete), *commands]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, of the default command where they do not begin with a command."""
        if args and args[0] not in SUMMARIES and args[0] not in ("-h", "--help", "-V", "--version"):
            if not ctx.resilient_parsing:  # set while the shell completes a word
                _check_mistyped(args)
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


def _summary(name: str) -> str:
    return click.Command(name, help=SUMMARIES[name]).get_short_help_str()


def _check_mistyped(arguments: list[str]) -> None:
    """Reject a first argument that is no file and means a command, by a slip or by another program's name for it.

    Raises:
        UsageError: It does; the message says what to type.
    """
    if os.path.lexists(arguments[0]) or arguments[0].startswith("-"):
        return
    from mobilenet_cli.cli.mistyped import meant

    if (instead := meant(arguments, SUMMARIES)) is not None:
        raise click.UsageError(f"no command or file is called {arguments[0]!r}; {instead}")
