"""The library as a program uses it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLES
from network_scores import TOLERANCE, differences

from mobilenet_cli import Classifier, InputError, Source, find_sources

pytestmark = pytest.mark.slow


@pytest.fixture
def classifier(embedded_home: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    return Classifier("efficientnet_lite0")


def test_paths_bytes_and_sources_are_classified_alike(classifier):
    file = SAMPLES / "espresso.webp"
    by_str, by_path, by_bytes, by_source = classifier.classify(
        [str(file), file, file.read_bytes(), Source(str(file))], top_k=3
    )
    for other, path in ((by_path, str(file)), (by_bytes, "-"), (by_source, str(file))):
        one, same = asdict(by_str), asdict(other)
        assert differences(one.pop("predictions"), same.pop("predictions")) == []
        for name, other_name in zip((one["label"], *one["kinds"]), (same["label"], *same["kinds"]), strict=True):
            assert other_name.pop("score") == pytest.approx(name.pop("score"), abs=TOLERANCE)
        assert same == one | {"path": path}
    assert by_str.predictions[0].label == "espresso"
    assert (by_str.width, by_str.height, by_str.model) == (600, 400, "efficientnet_lite0")


def test_folders_are_classified_through_find_sources(classifier):
    results = list(classifier.classify(find_sources([str(SAMPLES)])))
    assert [Path(result.path).name for result in results] == [
        "astronaut.avif",
        "cat.jpg",
        "espresso.webp",
        "photographer.png",
        "rocket.jpg",
    ]
    assert {result.status for result in results} == {"ok"}


def test_a_bad_file_is_a_result(classifier):
    (result,) = classifier.classify([SAMPLES / "none.jpg"])
    assert (result.status, result.predictions) == ("error", ())
    assert result.error == "no such file"


@pytest.mark.parametrize("wrong", [{"top_k": 0}, {"threshold": 1.5}, {"workers": 0}, {"batch_size": -1}])
def test_arguments_out_of_range_are_refused_at_once(classifier, wrong):
    with pytest.raises(InputError):
        classifier.classify([], **wrong)


def test_crop_and_size_change_what_is_seen(classifier):
    file = [SAMPLES / "cat.jpg"]
    (usual,) = classifier.classify(file)
    (padded,) = Classifier("efficientnet_lite0", crop="pad").classify(file)
    assert padded.predictions != usual.predictions


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, mobilenet_cli; mobilenet_cli.Classifier, mobilenet_cli.find_sources;"
        "print([m for m in ('numpy', 'PIL', 'rich', 'tensorflow', 'ai_edge_litert') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_the_first_example_of_the_documentation_runs_as_it_is_written(embedded_home, monkeypatch, tmp_path):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    example, *_ = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    assert "from mobilenet_cli import Classifier" in example
    done = subprocess.run([sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(r"cat\.jpg +0\.\d+ +cat", done.stdout)
