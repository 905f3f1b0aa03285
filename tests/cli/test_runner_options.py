"""The options of --runner: what they refuse, and what is said where Ray is not installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import SAMPLES

from mobilenet_cli.cli.runner_options import RunnerChoice, _runner_choice
from mobilenet_cli.cluster.runner import RayRunner
from mobilenet_cli.errors import InputError


@pytest.mark.parametrize("command", ["classify", "embed", "evaluate"])
def test_without_ray_the_command_that_installs_it_is_given(command: str, monkeypatch: pytest.MonkeyPatch):
    from importlib import import_module

    found = importlib.util.find_spec
    monkeypatch.setattr("mobilenet_cli.cluster.runner.find_spec", lambda name: None if name == "ray" else found(name))
    done = CliRunner().invoke(import_module(f"mobilenet_cli.cli.{command}").command, [str(SAMPLES), "--runner", "ray"])
    assert isinstance(done.exception, InputError)  # whose exit code is 2
    install = f"{sys.executable} -m pip install 'mobilenet-cli[ray]'"
    assert str(done.exception) == f"--runner ray needs an extra: {install}"


@pytest.mark.parametrize("options", [("--ray-address", "auto"), ("--cluster-cpus", "2")])
def test_options_of_a_cluster_need_one(options: tuple[str, ...]):
    from mobilenet_cli.cli.classify import command

    done = CliRunner().invoke(command, [str(SAMPLES), *options])
    assert done.exit_code == 2
    assert "--ray-address and --cluster-cpus go with --runner ray" in done.output


def test_sidecars_are_written_by_this_machine(tmp_path: Path):
    from mobilenet_cli.cli.classify import command

    folder = f"{tmp_path}/out/"
    done = CliRunner().invoke(command, [str(SAMPLES), "--runner", "ray", "--xmp", "-o", folder, "-f", "csv"])
    assert done.exit_code == 2
    assert "--xmp goes with -o FILE, not with a folder" in done.output


def test_the_address_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert _runner_choice("ray", None, None) == RunnerChoice("ray", "10.0.0.1:6379", None)
    assert _runner_choice("ray", "local", 3) == RunnerChoice("ray", "local", 3)


def test_a_cluster_that_is_not_there_is_said_so():
    with pytest.raises(InputError, match=r"no Ray cluster at 127.0.0.1:9 .*refused.*; `ray start --head` starts one"):
        RayRunner("127.0.0.1:9").__enter__()
