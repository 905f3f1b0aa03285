"""What the documentation says of the options is what the code says."""

from __future__ import annotations

import re
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
    assert option_tables.COMMANDS.read_text() == option_tables.page(), "run `make docs`"


def test_every_link_between_the_documents_leads_somewhere():
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    anchors = {
        file: {_anchor(line) for line in file.read_text().splitlines() if line.startswith("#")} for file in files
    }
    links = [(file, link) for file in files for link in re.findall(r"\]\(([^)\s]+)\)", file.read_text())]
    assert len(links) > 30
    for file, link in links:
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = (file.parent / path).resolve() if path else file
            assert target.exists(), f"{file.name}: {link}"
            assert not anchor or anchor in anchors[target], f"{file.name}: {link}"


def _anchor(heading: str) -> str:
    """Return the end of the link to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def test_readme_is_read_in_two_minutes():
    prose = re.sub(r"```.*?```|!?\[([^]]*)\]\([^)]*\)", r"\1", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert len(prose.split()) < 700


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
