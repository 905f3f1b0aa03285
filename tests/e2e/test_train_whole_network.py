"""`mnclassify train --fine-tune`, as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SHARED, run_command
from PIL import Image
from unmeasured import unmeasured

COLOURS = {"blue": (40, 40, 220), "green": (40, 220, 40), "red": (220, 40, 40)}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(home))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of two layers with seeded weights, as a user's own SavedModel."""
    from mobilenet_cli.in_tensorflow import hub_module
    from mobilenet_cli.in_tensorflow.networks.layers import ConvNorm, ImageNetwork, LogitsLayer

    rng = np.random.default_rng(3)
    layers = [ConvNorm("stem", 3, 3, 16, rng, stride=2), ConvNorm("pointwise", 1, 16, 24, rng)]
    classifier = LogitsLayer("classifier", 24, 10, rng)
    network = ImageNetwork(layers, classifier, scale=2, offset=-1, weight_decay=4e-5, decay_depthwise=False)
    folder = tmp_path_factory.mktemp("base") / "small"
    hub_module.save(network, folder, "feature_vector")
    return folder


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a colour, with ten noisy squares each."""
    folder = tmp_path_factory.mktemp("squares")
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir()
        for number in range(10):
            pixels = np.clip(rng.normal(colour, 30, (48, 48, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def training(model: Path) -> dict:
    return json.loads((model / "manifest.json").read_text())["training"]


def scores(*arguments: str) -> list[dict[str, str]]:
    done = run_command(*arguments, "-f", "csv")
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_a_network_learns_new_classes_and_can_be_used_at_once(base: Path, squares: Path, tmp_path: Path) -> None:
    model = tmp_path / "colours"
    options = ["--epochs", "6", "--learning-rate", "0.05", "--batch-size", "8", "--batch-norm-momentum", "0.5"]
    arguments = ["train", str(squares), "-m", str(base), "--image-size", "32", "--fine-tune", *options, "--augment"]
    done = run_command(*arguments, "-o", str(model), "--assert-accuracy-at-least", "0.9")
    assert done.returncode == 0, done.stderr
    assert "epoch 6 of 6: loss" in done.stderr
    assert not Path(os.environ["MNCLASSIFY_HOME"], "features").exists()  # which nobody needs
    record = training(model)
    assert record["method"] == "fine-tuned"
    assert record["options"]["batch_norm_momentum"] == 0.5
    assert record["epochs"][-1]["loss"] < record["epochs"][0]["loss"]
    rows = scores("-m", str(model), str(squares), "-k", "1")
    assert [row["label_1"] for row in rows] == [Path(row["path"]).parent.name for row in rows]
    still = ["--epochs", "1", "--learning-rate", "0", "--batch-norm-momentum", "1", "--seed", "1"]
    arguments = ["train", str(squares), "-m", str(model), "--fine-tune", *still, "-o", str(tmp_path / "again")]
    again = run_command(*arguments, "--assert-accuracy-at-least", "1")
    # A head of random weights, on features that do not change: written, but not good enough.
    assert again.returncode == 1, again.stderr
    assert "less than 1" in again.stderr.splitlines()[-1]
    assert training(tmp_path / "again")["base"]["name"] == str(model)


def test_ctrl_c_writes_the_best_model_so_far(base: Path, squares: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    command = [str(Path(sys.executable).with_name("mnclassify")), "train", str(squares), "-o", str(model)]
    command += ["-m", str(base), "--image-size", "32", "--fine-tune", "--epochs", "100000"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True, env=unmeasured())
    assert running.stderr is not None
    try:
        for line in running.stderr:
            if "epoch 2 of" in line:
                break
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        told = running.communicate(timeout=120)[1]
    finally:
        running.kill()
    assert running.returncode == 130, told
    assert "interrupted; the best so far is in" in told
    assert training(model)["interrupted"]
    assert 2 <= len(training(model)["epochs"]) < 100000
    assert len(scores("-m", str(model), str(squares), "-k", "1")) == 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "3"], "--epochs needs --fine-tune"),
        (["--fine-tune", "--folds", "3"], "--folds trains a new head"),
    ],
)
def test_options_that_do_not_go_together_are_told(squares: Path, tmp_path: Path, arguments: list, message: str) -> None:
    done = run_command("train", str(squares), "-o", str(tmp_path / "model"), *arguments)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten photographs of each of three superclasses beside the repository, in a folder each."""
    shared = SHARED
    if not (shared / "facts" / "superclasses.tsv").is_file() or not (shared / "checkpoints").is_dir():
        pytest.skip("needs the photographs and the checkpoint in ../shared, which are no part of the project")
    folder = tmp_path_factory.mktemp("photographs")
    with (shared / "facts" / "superclasses.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    for name in ("bird", "dog", "vehicle"):
        (folder / name).mkdir()
        for file in [row["file"] for row in rows if row["class"] == name][:10]:
            (folder / name / file).symlink_to(shared / "images" / file)
    return folder


def test_mobilenet_is_fine_tuned_on_photographs(photographs: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    checkpoint = SHARED / "checkpoints" / "mobilenet_v1_0.75_224"
    done = run_command("models", "import", str(checkpoint), "--name", "mobilenet", "--image-size", "96", timeout=300)
    assert done.returncode == 0, done.stderr
    model = tmp_path / "model"
    arguments = ["--image-size", "96", "--fine-tune", "--epochs", "2", "--batch-norm-momentum", "0.9"]
    done = run_command("train", str(photographs), "-m", "mobilenet", *arguments, "-o", str(model), timeout=300)
    assert done.returncode == 0, done.stderr
    first, second = training(model)["epochs"]
    assert second["loss"] < first["loss"]
    means = [
        [each.numpy() for each in tf.saved_model.load(str(folder / "feature_vector")).variables if "mean" in each.name]
        for folder in (Path(os.environ["MNCLASSIFY_HOME"]) / "models" / "mobilenet", model)
    ]
    assert len(means[0]) == 27
    assert all(np.abs(before - after).max() > 0 for before, after in zip(*means, strict=True))
    compiled, saved = (
        scores("-m", str(model), str(photographs), "--engine", each) for each in ("litert", "tensorflow")
    )
    assert len(compiled) == 30
    for one, other in zip(compiled, saved, strict=True):
        # By label, since nearly equal scores may change places.
        by_label = [{row[f"label_{rank}"]: float(row[f"score_{rank}"]) for rank in (1, 2, 3)} for row in (one, other)]
        assert by_label[0] == pytest.approx(by_label[1], abs=1e-3)
