"""The commands are listed without being imported, and as Click would list them."""

from __future__ import annotations

import click
import pytest

from mobilenet_cli.cli import cli
from mobilenet_cli.cli.commands import SUMMARIES, Commands

CONTEXT = click.Context(cli, info_name="mnclassify")
COMMANDS = [(name, command) for name in SUMMARIES if (command := cli.get_command(CONTEXT, name)) is not None]


def test_each_summary_is_the_first_line_of_the_commands_own_help():
    assert {name: (command.help or "").splitlines()[0] for name, command in COMMANDS} == SUMMARIES


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_help_lists_the_commands_as_click_does(width: int):
    ours, clicks = click.HelpFormatter(width=width), click.HelpFormatter(width=width)
    assert isinstance(cli, Commands)
    cli.format_commands(CONTEXT, ours)
    click.Group.format_commands(cli, CONTEXT, clicks)
    assert ours.getvalue() == clicks.getvalue()


@pytest.mark.parametrize("begun", ["", "e", "kinds", "-", "--v", "zebra"])
def test_the_shell_completes_commands_as_click_does(begun: str):
    words = {(item.value, item.help) for item in cli.shell_complete(CONTEXT, begun) if item.type == "plain"}
    clicks = {(item.value, item.help) for item in click.Group.shell_complete(cli, CONTEXT, begun)}
    assert clicks <= words
    assert {word for word, _ in words if word in SUMMARIES} == {word for word, _ in clicks if word in SUMMARIES}
