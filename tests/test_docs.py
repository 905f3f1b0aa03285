"""What the documentation says of the options is what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner
from conftest import ROOT

from mobilenet_cli.cli import cli
from tools import option_tables

NAMES = [name for name, _ in option_tables.commands()]


def test_the_tables_of_options_are_those_of_the_code():
    stale = "run `make docs`"
    text = option_tables.README.read_text()
    assert option_tables.readme(text) == text, stale
    assert option_tables.COMMANDS.read_text() == option_tables.page(), stale


def test_readme_has_the_options_of_the_main_command():
    assert "`-m, --model NAME" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", [*NAMES, ""])
def test_help_fits_80_columns(name: str):
    help_ = CliRunner().invoke(cli, [*name.split(), "--help"], prog_name="mnclassify", terminal_width=80).output
    assert help_.startswith("Usage: mnclassify")
    assert max(map(len, help_.splitlines())) <= 80


@pytest.mark.parametrize("name", ["classify", "embed"])
def test_the_commands_for_images_have_examples(name: str):
    command = cli.get_command(Context(cli), name)
    assert command is not None
    assert "Examples:\n      mnclassify" in (command.help or "")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_is_for(name: str):
    command = dict(option_tables.commands())[name]
    context = Context(command)
    records = [record for each in option_tables.sections(command, context).values() for record in each]
    assert all(meaning for _, meaning in records)


def test_the_dockerfile_passes_its_linter():
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "Dockerfile"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")
