"""`mnclassify train`, through the installed command, on photographs of five classes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, SHARED, run_command
from imports import watched
from unmeasured import unmeasured

pytestmark = pytest.mark.slow

BASE = "efficientnet_lite0"


@pytest.fixture(scope="module")
def photographs(shared_images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 69 photographs of ../shared/facts/superclasses.tsv, no species twice, in a folder a class."""
    table = SHARED / "facts" / "superclasses.tsv"
    folder = tmp_path_factory.mktemp("photographs")
    with table.open() as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            (folder / row["class"]).mkdir(exist_ok=True)
            (folder / row["class"] / row["file"]).symlink_to(shared_images / row["file"])
    return folder


@pytest.fixture(scope="module")
def home(embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("train") / "home"
    shutil.copytree(embedded_home, home)
    return home


@pytest.fixture(scope="module")
def trained(photographs: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was cross-validated, made with nothing cached."""
    model = tmp_path_factory.mktemp("trained") / "animals"
    done = run_command(
        *("train", str(photographs), "-o", str(model), "-m", BASE, "--folds", "5"),
        env={"MNCLASSIFY_HOME": str(home)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return model


@pytest.fixture(autouse=True)
def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(home))


def manifest_of(model: Path) -> dict:
    return json.loads((model / "manifest.json").read_text())


def test_four_of_five_photographs_are_right_in_cross_validation(trained: Path):
    training = manifest_of(trained)["training"]
    assert training["metrics"]["validation_top_1"] >= 0.8
    assert training["data"]["classes"] == {"bird": 12, "dog": 23, "food": 9, "reptile_amphibian": 9, "vehicle": 16}
    with (trained / "split.csv").open() as rows:
        folds = [row["part"] for row in csv.DictReader(rows)]
    assert sorted(map(folds.count, sorted(set(folds)))) == [13, 14, 14, 14, 14]


def test_it_is_a_model_like_any_other(trained: Path, shared_images: Path, tmp_path: Path):
    robin = shared_images / "n01558993_robin.JPEG"
    model = str(trained)
    first = run_command(str(robin), "-m", model, "-k", "1", "-f", "json")
    assert json.loads(first.stdout)[0]["predictions"][0]["label"] == "bird"
    assert first.stderr == ""  # nothing was compiled
    in_tensorflow = run_command(str(robin), "-m", model, "-k", "1", "-f", "json", "--engine", "tensorflow")
    scores = [json.loads(done.stdout)[0]["predictions"][0]["score"] for done in (first, in_tensorflow)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)

    vectors = [json.loads(run_command("embed", str(robin), "-m", name).stdout)["vector"] for name in (model, BASE)]
    assert vectors[0] == vectors[1]

    done = run_command("models", "import", model, "--name", "animals")
    assert done.returncode == 0, done.stderr
    assert run_command(str(robin), "-m", "animals", "-k", "1").stdout.splitlines()[1].split(",")[5] == "bird"
    assert run_command("models", "verify", "animals").stdout == "animals: ok\n"
    for name in ("animals", model):
        shown = run_command("models", "show", name).stdout
        assert "69 images of 5 classes" in shown
        assert f"Temperature    {manifest_of(trained)['temperature']:.3g}, fitted on the validation images" in shown
        assert f"head on {BASE}" in shown
    assert run_command("models", "remove", "animals").returncode == 0

    (trained / "labels.txt").rename(tmp_path / "labels.txt")
    damaged = run_command(str(robin), "-m", model)
    (tmp_path / "labels.txt").rename(trained / "labels.txt")
    assert damaged.returncode == 3
    assert "labels.txt is missing" in damaged.stderr


def test_trained_again_it_needs_no_tensorflow_and_is_the_same(photographs: Path, trained: Path, tmp_path: Path):
    def train(output: str, *options: str) -> set[str]:
        done, modules = watched("train", str(photographs), "-o", str(tmp_path / output), *options)
        assert done.returncode == 0, done.stderr
        return modules

    assert "tensorflow" not in train("one", "-m", BASE)
    train("other", "-m", str(trained))  # on a model whose features are the same
    one, other = (tmp_path / name for name in ("one", "other"))
    assert (one / "split.csv").read_text() == (other / "split.csv").read_text()
    for file in ("224.tflite", "saved_model/saved_model.pb", "saved_model/variables/variables.data-00001-of-00002"):
        assert (one / file).read_bytes() == (other / file).read_bytes()

    # The figures are those of images that the head has not seen.
    training = manifest_of(one)["training"]
    with (one / "split.csv").open() as rows:
        kept = [row for row in csv.DictReader(rows) if row["part"] == "validation"]
    assert training["split"]["validation"] == len(kept) == 14
    done = run_command(*(row["path"] for row in kept), "-m", str(one), "--temperature", "1", "-f", "jsonl")
    found = [json.loads(line)["predictions"] for line in done.stdout.splitlines()]
    right = [each[0]["label"] == row["label"] for each, row in zip(found, kept, strict=True)]
    assert training["metrics"]["validation_top_1"] == pytest.approx(np.mean(right))
    true = [next(p["score"] for p in each if p["label"] == row["label"]) for each, row in zip(found, kept, strict=True)]
    assert training["metrics"]["validation_loss"] == pytest.approx(-np.log(true).mean(), abs=1e-3)


def test_images_that_cannot_be_read_are_listed_and_nothing_half_written_stays(tmp_path: Path):
    names = ["cat.jpg", "espresso.webp"]
    for name in names:
        (tmp_path / "data" / name.partition(".")[0]).mkdir(parents=True)
        shutil.copy(SAMPLES / name, tmp_path / "data" / name.partition(".")[0] / name)
    (tmp_path / "data" / "cat" / "broken.jpg").write_bytes(b"no image")
    done = run_command("train", "data", "-o", "model", "-m", BASE, cwd=tmp_path)
    assert done.returncode == 2
    assert "data/cat/broken.jpg: not an image" in done.stderr
    assert "two different images" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]

    again = run_command("train", "data", "-o", "data", "-m", BASE, cwd=tmp_path)
    assert again.returncode == 4
    overwritten = run_command("train", "data", "-o", "data", "-m", BASE, "--overwrite", cwd=tmp_path)
    assert overwritten.returncode == 4
    assert "no model" in overwritten.stderr
    assert run_command("train", "data", "-o", "m", "--folds", "3", "--fine-tune", cwd=tmp_path).returncode == 2


def test_ctrl_c_while_fitting_writes_the_best_so_far(trained: Path, tmp_path: Path):
    # So many classes that each fit takes a while; their features are cached, so that it begins soon.
    import hashlib
    import sqlite3

    from mobilenet_cli.models.manifest import Manifest

    random = np.random.default_rng(0)
    for label in range(300):
        for number in range(4):
            file = tmp_path / "data" / f"{label:03}" / f"{number}.ppm"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"P6 1 1 255\n" + bytes([label % 256, label // 256, number]))
    (cache,) = Path(os.environ["MNCLASSIFY_HOME"], "features").iterdir()
    with sqlite3.connect(cache) as database:
        for file in (tmp_path / "data").rglob("*.ppm"):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            vector = random.normal(size=1280).astype("<f4").tobytes()
            database.execute("INSERT OR REPLACE INTO features VALUES (?, ?)", (digest, vector))
    database.close()
    command = Path(sys.executable).with_name("mnclassify")
    process = subprocess.Popen(
        [str(command), "train", "data", "-o", "model", "-m", BASE, "--progress"],
        env=unmeasured(),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = ""
    while "25%" not in told:
        told += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    told += process.communicate(timeout=60)[1]
    assert process.returncode == 130, told
    assert "interrupted; the best so far is in model" in told
    assert Manifest.read(tmp_path / "model").training["interrupted"] is True
    assert run_command("-m", "model", str(SAMPLES / "cat.jpg"), cwd=tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "model"]


def test_a_whole_network_is_fine_tuned(tmp_path: Path):
    import tensorflow as tf

    from mobilenet_cli import Classifier, Trainer
    from mobilenet_cli.in_tensorflow import hub_module
    from mobilenet_cli.training.whole.options import FineTuning

    scale = tf.Variable([1.0, 1.0, 1.0], name="scale")
    hub_module.save_function(
        lambda inputs, training, momentum: tf.reduce_mean(inputs, axis=[1, 2]) * scale,
        tmp_path / "base",
        "feature_vector",
        variables=[scale],
        trainable_variables=[scale],
        regularization_losses=[],
    )
    for colour, pixel in (("blue", b"\0\0\xff"), ("red", b"\xff\0\0")):
        (tmp_path / "data" / colour).mkdir(parents=True)
        for size in range(1, 11):
            (tmp_path / "data" / colour / f"{size}.ppm").write_bytes(b"P6 %d 1 255\n" % size + size * pixel)
    options = FineTuning(epochs=8, batch_size=4, learning_rate=1.0, dropout=0.0)
    trainer = Trainer(
        [str(tmp_path / "data")], tmp_path / "out", model=tmp_path / "base", image_size=32, fine_tuning=options
    )
    trained = trainer.train()
    assert trained.manifest.training is not None
    assert trained.manifest.training["method"] == "fine-tuned"
    assert trained.manifest.training["metrics"]["validation_top_1"] == 1
    assert "not measured" not in (tmp_path / "out" / "training.html").read_text()
    classifier = Classifier(tmp_path / "out")
    assert classifier.model.engine == "litert"
    (result,) = classifier.classify([tmp_path / "data" / "red" / "3.ppm"])
    assert result.predictions[0].label == "red"


def test_rows_of_a_model_that_was_trained_anew_are_not_gone_on_with(trained: Path, tmp_path: Path):
    model = tmp_path / "model"
    shutil.copytree(trained, model)
    table = tmp_path / "labels.csv"
    arguments = (str(SAMPLES / "cat.jpg"), "-m", str(model), "-o", str(table), "--resume")
    assert run_command(*arguments).returncode == 0
    assert run_command(*arguments).returncode == 0
    later = table.stat().st_mtime + 10
    os.utime(model / "labels.txt", (later, later))
    refused = run_command(*arguments)
    assert refused.returncode == 4
    assert "is newer than its rows" in refused.stderr
