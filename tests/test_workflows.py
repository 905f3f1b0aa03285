"""The workflows of .github: what they may do, and that what they run is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest
import yaml
from conftest import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS: dict[str, dict[Any, Any]] = {file.name: yaml.safe_load(file.read_text()) for file in FOLDER.glob("*.yml")}
JOBS = {f"{name}: {job}": values for name, workflow in WORKFLOWS.items() for job, values in workflow["jobs"].items()}


def test_other_peoples_actions_are_pinned_to_a_commit():
    used = re.findall(r"uses: (.*)", "".join(file.read_text() for file in FOLDER.glob("*.yml")))
    foreign = [each for each in used if not each.startswith("./")]
    assert len(foreign) >= 5
    for each in foreign:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each
    assert len({each.partition("@")[0] for each in foreign}) == len(set(foreign)), "one action in two versions"


def test_every_job_has_the_least_permissions():
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {}, name
    allowed = {name: job["permissions"] for name, job in JOBS.items()}
    publishing = allowed.pop("release.yml: publish")
    assert publishing == {"id-token": "write"}
    assert all(each == {"contents": "read"} for each in allowed.values())
    for name, job in JOBS.items():
        for step in job.get("steps", ()):
            assert "secrets." not in str(step), name
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, name


def test_only_a_tag_publishes_and_only_after_the_tests():
    release = WORKFLOWS["release.yml"]
    assert release[True] == {"push": {"tags": ["v[0-9]*"]}}  # YAML 1.1 reads `on` as true
    assert release["jobs"]["publish"]["needs"] == "tests"
    assert release["jobs"]["tests"]["needs"] == "version"
    assert "schedule" not in WORKFLOWS["tests.yml"][True]
    assert "pull_request_target" not in WORKFLOWS["tests.yml"][True]


def test_the_tests_run_on_every_python_that_is_promised():
    matrix = WORKFLOWS["tests.yml"]["jobs"]["linux"]["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    promised = [each.rpartition(" ")[2] for each in project["classifiers"] if re.search(r":: 3\.\d+$", each)]
    assert matrix == promised
    assert project["requires-python"] == f">={matrix[0]}"


def test_what_the_workflows_run_is_there():
    commands = "\n".join(step["run"] for job in JOBS.values() for step in job.get("steps", ()) if "run" in step)
    targets = re.findall(r"^make (\w+)", commands, re.MULTILINE)
    assert set(targets) == {"demo", "dist"}
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    for path in (".ci/run", "requirements/runtime.txt", "mobilenet_cli/_version.py", "sample_images/cat.jpg"):
        assert path in commands
        assert (ROOT / path).is_file()


def test_actionlint_finds_nothing():
    if (actionlint := shutil.which("actionlint")) is None:
        pytest.skip("needs the program actionlint, which the workflow `tests` installs")
    done = subprocess.run([actionlint, *map(str, FOLDER.glob("*.yml"))], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
