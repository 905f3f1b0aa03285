"""An imported model whose labels have WordNet ids of ImageNet says kinds, as the known ones do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import run_command
from in_this_process import InThisProcess
from PIL import Image

from mobilenet_cli.engines.network_input import UNIT
from mobilenet_cli.models.importing import import_model

pytestmark = pytest.mark.slow
SCORES = (0.5, 0.45, 0.05)


@pytest.mark.parametrize(
    "labels",
    [
        "n02099712\tLabrador\nn02088364\tbeagle\nn02123045\ttabby\n",
        '{"0": ["n02099712", "Labrador"], "1": ["n02088364", "beagle"], "2": ["n02123045", "tabby"]}',
    ],
    ids=["lines", "imagenet_class_index.json"],
)
def test_scores_of_classes_with_wnids_add_up_to_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: str):
    import tensorflow as tf

    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (40, 40), "grey").save("a.png")

    def function(images: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(tf.reduce_mean(images, [1, 2, 3])[:, None] * 0 + np.log(np.array([SCORES], np.float32)))

    concrete = tf.function(function).get_concrete_function(tf.TensorSpec([1, 32, 32, 3], tf.float32))
    Path("pets.tflite").write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
    Path("given").write_text(labels)
    import_model("pets.tflite", "pets", labels=Path("given"), network_input=UNIT)

    found = json.loads(run_command("a.png", "-m", "pets", "-f", "jsonl").stdout)
    assert (found["label"]["wnid"], found["label"]["label"]) == ("n02084071", "dog")
    assert found["label"]["score"] == pytest.approx(0.95, abs=1e-4)
    assert "animal" in [kind["label"] for kind in found["kinds"]]
    assert [each["label"] for each in found["predictions"]] == ["Labrador", "beagle", "tabby"]
    assert run_command("a.png", "-m", "pets", "--kind", "dog", "-f", "path").stdout == "a.png\n"
    assert run_command("a.png", "-m", "pets", "--kind", "cat", "-f", "path").stdout == ""
