"""A multi-label model: each label above the threshold is given, in every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import run_command
from in_this_process import InThisProcess
from PIL import Image

from mobilenet_cli.models import store
from mobilenet_cli.models.importing import import_model

pytestmark = pytest.mark.slow
SCORES = (0.97, 0.91, 0.85, 0.7, 0.65, 0.6, 0.55, 0.4)  # of the first classes, for every image
SURE = 3


@pytest.fixture(autouse=True)
def photograph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (40, 40), "grey").save("a.png")
    return tmp_path / "a.png"


def model_of(folder: Path, classes: int) -> str:
    """Import a network whose sigmoids are SCORES and, for the other classes, 0.01; return its name."""
    import tensorflow as tf

    scores = np.full(classes, 0.01, np.float32)
    scores[: len(SCORES)] = SCORES
    logits = np.log(scores / (1 - scores))[None]

    def function(images: object) -> object:
        return tf.sigmoid(tf.reduce_mean(images, [1, 2, 3])[:, None] * 0 + logits)

    spec = tf.TensorSpec([1, 32, 32, 3], tf.float32)
    concrete = tf.function(function).get_concrete_function(spec)
    file = folder / f"tags{classes}.tflite"
    file.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
    labels = folder / "tags.txt"
    labels.write_text("".join(f"tag{index}\n" for index in range(classes)))
    from mobilenet_cli.engines.network_input import UNIT

    import_model(str(file), f"tags{classes}", labels=labels, network_input=UNIT)
    return f"tags{classes}"


def run(*arguments: str) -> str:
    done = run_command(*arguments, "-q")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_labels_above_the_threshold_are_given_in_every_format(tmp_path, photograph):
    name = model_of(tmp_path, 20)
    assert store.find(name).networks["classification"].output == "multilabel"
    given = [f"tag{index}" for index, score in enumerate(SCORES) if score >= 0.5]

    (row,) = csv.DictReader(io.StringIO(run("a.png", "-m", name, "-f", "csv")))
    labels = [row[f"label_{rank}"] for rank in range(1, 21)]
    assert labels == given + [""] * (20 - len(given))
    assert float(row["score_4"]) == pytest.approx(SCORES[3], abs=1e-4)
    assert (row["label"], row["kinds"]) == ("tag0", "")
    rows = list(csv.DictReader(io.StringIO(run("a.png", "-m", name, "-f", "csv", "--long"))))
    assert [each["label"] for each in rows if each["rank"] != "0"] == given
    found = json.loads(run("a.png", "-m", name, "-f", "jsonl"))
    assert [each["label"] for each in found["predictions"]] == given
    assert found["kinds"] == []
    table = run("a.png", "-m", name, "-f", "table")
    assert all(label in table for label in given)
    assert "tag7" not in table


def test_top_k_and_the_threshold_hold_where_they_are_given(tmp_path):
    name = model_of(tmp_path, 20)
    found = json.loads(run("a.png", "-m", name, "-f", "jsonl", "-k", "2"))
    assert [each["label"] for each in found["predictions"]] == ["tag0", "tag1"]
    found = json.loads(run("a.png", "-m", name, "-f", "jsonl", "-t", "0.3"))
    assert len(found["predictions"]) == len(SCORES)


def test_each_sure_label_is_a_keyword_of_its_own(tmp_path, photograph):
    name = model_of(tmp_path, 20)
    run("a.png", "-m", name, "-f", "csv", "--xmp")
    sidecar = Path(f"{photograph}.xmp").read_text(encoding="utf-8")
    for index in range(20):
        assert (f"mnclassify|tag{index}<" in sidecar) == (index < SURE), index


def test_a_table_of_very_many_labels_is_refused_with_the_options_to_give(tmp_path):
    name = model_of(tmp_path, 150)
    refused = run_command("a.png", "-m", name, "-f", "csv")
    assert refused.returncode == 2
    assert "150 classes may be a label of an image: give -k N, --long, or -f jsonl" in refused.stderr
    assert len(json.loads(run("a.png", "-m", name, "-f", "jsonl"))["predictions"]) == len(SCORES) - 1
    assert run("a.png", "-m", name, "-f", "csv", "-k", "3").partition("\n")[0].count("label_") == 3
