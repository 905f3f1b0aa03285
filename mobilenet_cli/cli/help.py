"""`--help` with options grouped under headings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_OWN = "Options"
_FIRST = ("-o", "-f", "-k", "-t")
"""The options that are used most: the help has them first, in this order."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def under(heading: str, option: Decorator) -> Decorator:
    """Return the decorator `option`, changed so that the help lists the option under `heading`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        decorated = option(command)
        decorated.__click_params__[-1].heading = heading  # type: ignore[attr-defined]  # where Click collects them
        return decorated

    return decorate


def sections(command: click.Command, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
    """Return the command's options by heading, each as its usage and its help; "Options" comes first."""
    found: dict[str, list[tuple[str, str]]] = {_OWN: []}
    for option in command.get_params(ctx):
        if isinstance(option, click.Option) and (record := option.get_help_record(ctx)) is not None:
            found.setdefault(getattr(option, "heading", _OWN), []).append(record)
    return {heading: sorted(records, key=_place) for heading, records in found.items() if records}


def _place(record: tuple[str, str]) -> int:
    short = record[0].partition(",")[0]
    return _FIRST.index(short) if short in _FIRST else len(_FIRST)


class Command(click.Command):
    """A command whose help groups options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, one section per heading."""
        for heading, records in sections(self, ctx).items():
            with formatter.section(heading):
                formatter.write_dl(records)


class Group(click.Group):
    """A group of commands whose help groups options under headings."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of their definition: the most used first."""
        return list(self.commands)
