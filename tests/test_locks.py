"""The lock files hold what pyproject.toml asks for, each package by its hashes."""

from __future__ import annotations

import re
import tomllib

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def wanted(*extras: str) -> list[Requirement]:
    """What the package needs with these extras, those that it names itself included."""
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in PROJECT["optional-dependencies"][extra])]
    found = []
    for requirement in map(Requirement, texts):
        found += wanted(*requirement.extras) if requirement.name == PROJECT["name"] else [requirement]
    return found


def pinned(name: str) -> dict[str, str]:
    """The versions that a lock file has for this Python and system, by package; each must have a hash."""
    lines = (ROOT / "requirements" / name).read_text().replace("\\\n", " ").splitlines()
    found = {}
    for line in lines:
        text, *hashes = re.split(r"\s+--hash=", line)
        assert hashes, line
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", each.strip()) for each in hashes), line
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate():
            (specifier,) = requirement.specifier
            assert specifier.operator == "=="
            found[canonicalize_name(requirement.name)] = specifier.version
    return found


@pytest.mark.parametrize(("file", "extras"), [("demo.txt", ()), ("test.txt", ("test",))])
def test_a_lock_file_has_a_version_that_fits_of_each_package(file, extras):
    locked = pinned(file)
    for requirement in wanted(*extras):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement


def test_tests_run_with_the_versions_that_the_demonstration_installs():
    tested = pinned("test.txt")
    assert {name: tested[name] for name in pinned("demo.txt")} == pinned("demo.txt")


def test_the_base_image_is_pinned_and_of_a_python_that_is_promised():
    (base,) = re.findall(r"(?m)^FROM (.*)", (ROOT / "Dockerfile").read_text())
    version, digest = re.fullmatch(r"python:([\d.]+)-\S+@sha256:(.*)", base).groups()
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
