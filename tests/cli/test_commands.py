"""The commands are listed without being imported, and as Click would list them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from mobilenet_cli.cli import _run, cli
from mobilenet_cli.cli.commands import SUMMARIES, Commands
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import sections
from mobilenet_cli.cli.mistyped import _COMMANDS, _OF_MODELS

CONTEXT = click.Context(cli, info_name="mnclassify")
COMMANDS = [(name, command) for name in SUMMARIES if (command := cli.get_command(CONTEXT, name)) is not None]


def test_each_summary_is_the_first_line_of_the_commands_own_help():
    assert {name: (command.help or "").splitlines()[0] for name, command in COMMANDS} == SUMMARIES


@pytest.mark.parametrize("width", [80, 100])
def test_help_lists_the_commands_as_click_does(width: int):
    ours, clicks = click.HelpFormatter(width=width), click.HelpFormatter(width=width)
    assert isinstance(cli, Commands)
    cli.format_commands(CONTEXT, ours)
    click.Group.format_commands(cli, CONTEXT, clicks)
    assert ours.getvalue() == clicks.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_summary_of_a_command_is_cut(width: int):
    ours = click.HelpFormatter(width=width)
    cli.format_commands(CONTEXT, ours)
    for summary in SUMMARIES.values():
        assert summary in " ".join(ours.getvalue().split())


def test_each_command_of_models_has_a_summary_of_one_line_of_80_columns():
    models = cli.get_command(CONTEXT, "models")
    assert isinstance(models, click.Group)
    formatter = click.HelpFormatter(width=80)
    models.format_commands(click.Context(models), formatter)
    lines = formatter.getvalue().splitlines()
    assert len(lines) == 1 + len(models.commands)
    for line, command in zip(lines[1:], models.commands.values(), strict=True):
        assert line.endswith((command.help or "").splitlines()[0])


def test_help_has_the_options_that_are_used_most_first():
    classify = dict(COMMANDS)["classify"]
    headings = sections(classify, click.Context(classify))
    options = [written.split(" ")[0].rstrip(",") for records in headings.values() for written, _ in records]
    assert options[:4] == ["-o", "-f", "-k", "-t"]
    assert options.index("--labels") > options.index("-m") > options.index("--from") > options.index("--kind")


@pytest.mark.parametrize("begun", ["", "e", "kinds", "-", "--v", "zebra"])
def test_the_shell_completes_commands_as_click_does(begun: str):
    words = {(item.value, item.help) for item in cli.shell_complete(CONTEXT, begun) if item.type == "plain"}
    clicks = {(item.value, item.help) for item in click.Group.shell_complete(cli, CONTEXT, begun)}
    assert clicks <= words
    assert {word for word, _ in words if word in SUMMARIES} == {word for word, _ in clicks if word in SUMMARIES}


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command line that is a usage error in an empty folder, and return the last line that it prints."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        assert _run(list(words)) == ExitCode.USAGE
        out, err = capfd.readouterr()
        assert out == ""
        return err.splitlines()[-1]

    return run


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("help", "type mnclassify --help"),
        ("help train", "type mnclassify train --help"),
        ("version", "type mnclassify --version"),
        ("predict photos/", "type mnclassify classify SOURCES…"),
        ("classify-images photos/", "did you mean classify?"),
        ("list", "type mnclassify models list"),
        ("download mobilenet_v1_100_224", "type mnclassify models pull NAMES…"),
        ("training photos/", "did you mean train?"),
        ("evalute photos/", "did you mean evaluate?"),
        ("Train photos/ -o x", "did you mean train?"),
        ("models ls", "type mnclassify models list"),
        ("models rm x", "type mnclassify models remove"),
        ("models lst", "did you mean list?"),
        ("models help", "type mnclassify models --help"),
    ],
)
def test_a_word_that_other_programs_have_as_a_command_is_answered_with_what_to_type(refused, words: str, instead: str):
    assert refused(*words.split()).endswith(f"; {instead}")


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("dog,cat", "give --kind once for each: --kind dog --kind cat"),
        ("dog, sports car", "give --kind once for each: --kind dog --kind 'sports car'"),
        ("n02084071,cats", "give --kind once for each: --kind n02084071 --kind cats"),
    ],
)
def test_kinds_with_commas_are_answered_with_an_option_for_each(tmp_path: Path, capfd, kind: str, advice: str):
    assert _run([str(tmp_path), "--kind", kind]) == ExitCode.USAGE
    error = f"mnclassify: {kind!r} is several words; {advice}\n"
    assert capfd.readouterr().err == error


@pytest.mark.parametrize("kind", ["dog,xyzzy", "dog,", ","])
def test_an_unknown_word_among_commas_is_an_unknown_word(tmp_path: Path, capfd, kind: str):
    assert _run([str(tmp_path), "--kind", kind]) == ExitCode.USAGE
    said = capfd.readouterr().err
    assert f"{kind!r} is no word" in said
    assert "once for each" not in said


def test_what_to_type_exists():
    for words in {*_COMMANDS.values(), *(f"models {each}" for each in _OF_MODELS.values())}:
        typed = [word for word in words.split() if not word.isupper() and "…" not in word]
        command: click.Command | None = cli.get_command(CONTEXT, "classify")
        if not typed[0].startswith("-"):
            command = cli.get_command(CONTEXT, typed.pop(0))
        if isinstance(command, click.Group) and not typed[0].startswith("-"):
            command = command.commands[typed.pop(0)]
        assert command is not None, words
        known = {option for each in command.params for option in each.opts} | {"--help", "--version"}
        assert {word.rstrip(";") for word in typed if word.startswith("-")} <= known, words


def test_a_file_with_the_name_of_another_programs_command_is_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for word in ("predict", "list", "help"):
        (tmp_path / word).mkdir()
        context = click.Context(cli, info_name="mnclassify")
        cli.parse_args(context, [word])
        assert context._protected_args == ["classify"]


def test_a_command_of_models_that_is_like_none_is_answered_with_all(refused):
    line = refused("models", "xyzzy")
    assert all(name in line for name in ("list", "show", "pull", "import", "remove", "verify"))


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_has_a_short_option(option: str, capfd: pytest.CaptureFixture[str]):
    assert _run([option]) == 0
    assert capfd.readouterr().out.startswith("mnclassify ")
