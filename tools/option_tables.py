"""Generate docs/commands.md, the options of every command, from the code. `make docs` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from mobilenet_cli.cli import PROGRAM, cli
from mobilenet_cli.cli.help import sections

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ROOT / "docs" / "commands.md"
HEAD = """# Commands

Generated from the code by `make docs`. `mnclassify COMMAND --help` prints the same text.
"""


def commands(group: click.Group = cli, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name: "classify", "models pull"."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")
        elif command is not None:
            yield above + name, command


def table(command: click.Command) -> str:
    """Return a command's options as a Markdown table, one row each."""
    context = click.Context(command)
    rows = ["| option | meaning |", "|---|---|"]
    for heading, records in sections(command, context).items():
        rows += [f"| **{heading}** | |"] if len(sections(command, context)) > 1 else []
        rows += [
            f"| {_code(written)} | {_text(meaning)} |" for written, meaning in records if not written.endswith("--help")
        ]
    return "\n".join(rows) + "\n"


def page() -> str:
    """Return docs/commands.md."""
    parts = [HEAD]
    for name, command in commands():
        context = click.Context(command, info_name=f"{PROGRAM} {name}")
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        parts.append(f"## {name}\n\n```\n{usage}\n```\n\n{_prose(cleandoc(command.help or ''))}\n\n{table(command)}")
    return "\n".join(parts)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _prose(text: str) -> str:
    r"""Return help text as Markdown: paragraphs that Click must not wrap (marked by \b) become code blocks."""
    paragraphs = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b\n"):
            first, *lines = paragraph.removeprefix("\b\n").splitlines()
            paragraphs.append(f"{first}\n\n```sh\n" + "\n".join(line.strip() for line in lines) + "\n```")
        else:
            paragraphs.append(_text(paragraph))
    return "\n\n".join(paragraphs)


if __name__ == "__main__":
    COMMANDS.write_text(page())
