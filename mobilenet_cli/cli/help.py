"""Help that is read at a terminal: options under headings."""

from __future__ import annotations

import click

_OWN = "Options"

# The heading of each option that several commands share, by the name of its parameter.
_headings: dict[str, str] = {}


def put_under(heading: str, names: list[str]) -> None:
    """Have the options of these parameters shown under `heading`, in whichever command."""
    _headings.update(dict.fromkeys(names, heading))


def sections(command: click.Command, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
    """Return how the command's options are written, and their help, by heading: its own first."""
    found: dict[str, list[tuple[str, str]]] = {_OWN: []}
    for option in command.get_params(ctx):
        if isinstance(option, click.Option) and (record := option.get_help_record(ctx)) is not None:
            found.setdefault(_headings.get(option.name or "", _OWN), []).append(record)
    return {heading: records for heading, records in found.items() if records}


class Command(click.Command):
    """A command whose help has its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them, a section a heading."""
        for heading, records in sections(self, ctx).items():
            with formatter.section(heading):
                formatter.write_dl(records)


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
