"""Completion by Click's scripts, in the shells themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import program

COMMAND = Path(sys.executable).with_name("mnclassify")

# Sets COMPREPLY as bash does where Tab is pressed at the end of the last word.
BASH = """
compopt() { :; }  # works only while a completion is really under way
eval "$(_MNCLASSIFY_COMPLETE=bash_source mnclassify)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_mnclassify_completion mnclassify
printf '%s\\n' "${COMPREPLY[@]}"
"""


def shell(*command: str, cwd: Path | None = None) -> list[str]:
    environment = os.environ | {"PATH": f"{COMMAND.parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["mod"], ["models"]),
        (["--thr"], ["--threshold"]),
        (["photos/", "--form"], ["--format"]),
        (["photos/", "--format", "json"], ["json", "jsonl"]),
        (["-m", "effic"], ["efficientnet_lite0"]),
        (["embed", "photos/", "--model", "mobilenet_v1_050_1"], [f"mobilenet_v1_050_{n}" for n in (128, 160, 192)]),
        (["models", "sh"], ["show"]),
        (["kinds", "spid"], ["spider"]),
        (["photos/", "--kind", "liz"], ["lizard"]),
        (["models", "show", "aut"], ["auto"]),
    ],
)
def test_bash_completes_commands_options_and_models(words: list[str], found: list[str]):
    completed = shell(program("bash"), "--norc", "-c", BASH, "bash", "mnclassify", *words)
    assert sorted(completed) == found


def test_fish_completes_models_and_files(tmp_path: Path):
    (tmp_path / "photo.jpg").touch()
    fish = program("fish")
    script = "_MNCLASSIFY_COMPLETE=fish_source mnclassify | source; complete -C 'mnclassify {}'"
    assert "efficientnet_lite0" in shell(fish, "--no-config", "-c", script.format("-m effic"))
    assert "photo.jpg" in shell(fish, "--no-config", "-c", script.format("ph"), cwd=tmp_path)
    described = " ".join(shell(fish, "--no-config", "-c", script.format("photos --mode")))
    assert described.startswith("--model Model name, TF Hub handle, or")


def test_zsh_takes_the_script():
    script = (
        "autoload -U compinit; compinit -u -D;"
        'eval "$(_MNCLASSIFY_COMPLETE=zsh_source mnclassify)"; print $_comps[mnclassify]'
    )
    assert shell(program("zsh"), "-f", "-c", script) == ["_mnclassify_completion"]


def test_zsh_gets_three_lines_an_item_and_none_that_is_empty():
    environment = os.environ | {"_MNCLASSIFY_COMPLETE": "zsh_complete", "COMP_WORDS": "mnclassify ", "COMP_CWORD": "1"}
    lines = subprocess.run([COMMAND], env=environment, capture_output=True, text=True).stdout.splitlines()
    assert lines[0::3] == ["file", *["plain"] * 9]
    assert lines[1::3][1:] == ["classify", "sort", "report", "xmp", "embed", "train", "evaluate", "kinds", "models"]
    assert all(lines)  # its script loses empty ones
