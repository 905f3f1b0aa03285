"""The files for clusters in docs/cluster are what Ray takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

FOLDER = ROOT / "docs" / "cluster"


def loaded(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


@pytest.mark.parametrize("name", ["aws.yaml", "gcp.yaml"])
def test_ray_launcher_takes_the_file(name: str):
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(loaded(name))
    validate_config(prepared)
    assert prepared["head_node_type"] in prepared["available_node_types"]
    assert prepared["available_node_types"]["head"]["resources"] == {"CPU": 0}


def test_the_autoscaler_of_kuberay_takes_the_file():
    from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr
    from ray.autoscaler._private.util import validate_config

    cluster = loaded("kuberay.yaml")
    assert (cluster["apiVersion"], cluster["kind"]) == ("ray.io/v1", "RayCluster")
    cluster["metadata"]["namespace"] = "default"
    config = _derive_autoscaling_config_from_ray_cr(cluster)
    validate_config(config)
    types = config["available_node_types"]
    assert types["headgroup"]["resources"]["CPU"] == 0
    assert (types["workers"]["resources"]["CPU"], types["workers"]["max_workers"]) == (8, 20)


def test_all_files_name_the_image_that_the_dockerfile_makes_and_its_version_of_ray():
    dockerfile = (FOLDER / "Dockerfile").read_text()
    (tag,) = re.findall(r"docker build -t (\S+)", dockerfile)
    for path in FOLDER.glob("*.yaml"):
        assert set(re.findall(r"image: (\S+)", path.read_text())) == {tag}
    (version,) = re.findall(r"FROM rayproject/ray:([\d.]+)-py311", dockerfile)
    assert loaded("kuberay.yaml")["spec"]["rayVersion"] == version


def test_the_dockerfile_passes_its_linter():
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), FOLDER / "Dockerfile"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")
