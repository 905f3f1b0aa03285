"""`mnclassify models` and the models' sources, through the installed command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MAIN, MAIN_PATH, SAMPLES, SHARED, Run, run_command
from imports import imported
from in_this_process import InThisProcess
from model_server import SILENCE, ModelServer, Reply, save_tiny_model, tar_of
from network_scores import TOLERANCE, differences

from mobilenet_cli import Classifier
from mobilenet_cli.models.importing import import_model

pytestmark = pytest.mark.slow

CAT = str(SAMPLES / "cat.jpg")
CHECKPOINT = SHARED / "checkpoints" / "mobilenet_v1_0.75_224"
HUB_PATH = "/google/imagenet/mobilenet_v1_075_224/classification/4"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    server = ModelServer()
    for name in ("HUB", "KAGGLE", "SLIM"):
        monkeypatch.setenv(f"MNCLASSIFY_{name}_URL", server.url)
    yield server
    server.close()


def test_list_has_all_models_in_80_columns(mnclassify: Run):
    done = mnclassify("models", "list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) >= 18
    assert max(map(len, lines)) <= 80
    (main,) = [line.split() for line in lines if line.startswith(MAIN)]
    assert main == [MAIN, "remote", "128", "65.2", "85.8", "4.24", "M", "186", "M", "-"]
    models = {model["name"]: model for model in json.loads(mnclassify("models", "list", "--json").stdout)}
    assert models["mobilenet_v1_025_160"] == {
        "name": "mobilenet_v1_025_160",
        "state": "remote",
        "image_size": 160,
        "top_1": 45.5,
        "top_5": 70.3,
        "million_parameters": 0.47,
        "million_multiply_adds": 21,
        "bytes_on_disk": None,
    }
    assert models["efficientnet_lite0"]["state"] == "stored"
    assert models["efficientnet_lite0"]["bytes_on_disk"] > 10e6
    fresh = {"MNCLASSIFY_HOME": "/var/empty/not-there"}
    assert "efficientnet_lite0    embedded" in run_command("models", "list", env=fresh).stdout


def test_a_store_that_cannot_be_read_is_told_in_a_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for arguments in (["list"], ["show", MAIN], ["verify"], ["pull", MAIN], ["remove", MAIN]):
        done = run_command("models", *arguments, env={"MNCLASSIFY_HOME": str(tmp_path / "file")})
        assert done.returncode == 3
        assert "MNCLASSIFY_HOME" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_show_tells_what_is_known(mnclassify: Run):
    text = mnclassify("models", "show", "efficientnet_lite0").stdout
    for words in ("75.1 %, 92.4 %", "Apache-2.0", "1000 logits", "224.tflite", os.environ["MNCLASSIFY_HOME"]):
        assert words in text
    facts = json.loads(mnclassify("models", "show", MAIN, "--json").stdout)
    assert [source["title"] for source in facts["sources"]] == ["TF Hub", "Kaggle Models", "TF-Slim checkpoint"]
    assert (facts["depth_multiplier"], facts["manifest"], facts["path"]) == (1.0, None, None)
    assert mnclassify("models", "show", "nonsense").returncode == 3
    assert mnclassify("models", "show", "auto").returncode == 2


def test_the_temperature_divides_the_logits_and_is_shown(mnclassify: Run):
    assert "\nTemperature    1\n" in mnclassify("models", "show", "efficientnet_lite0").stdout
    assert "\nTemperature    1.5\n" in mnclassify("models", "show", MAIN).stdout
    assert json.loads(mnclassify("models", "show", MAIN, "--json").stdout)["temperature"] == 1.5

    def scores(*options: str) -> dict[int, float]:
        done = mnclassify(CAT, "-m", "efficientnet_lite0", "-k", "1000", "-f", "json", *options)
        assert done.returncode == 0, done.stderr
        return {each["index"]: each["score"] for each in json.loads(done.stdout)[0]["predictions"]}

    usual, flat = scores(), scores("--temperature", "2")
    assert scores("--temperature", "1") == pytest.approx(usual, abs=1e-4)
    roots = {index: score**0.5 for index, score in usual.items()}  # softmax(x / 2) is the root of softmax(x), scaled
    assert flat == pytest.approx({index: root / sum(roots.values()) for index, root in roots.items()}, abs=1e-3)
    for wrong in ("0", "-1", "nan", "inf", "warm"):
        done = mnclassify(CAT, "-m", "efficientnet_lite0", "--temperature", wrong)
        assert (done.returncode, done.stdout) == (2, "")
        assert "--temperature" in done.stderr


def test_of_two_processes_that_pull_one_downloads_and_then_no_network_is_needed(server: ModelServer, tmp_path: Path):
    archive = tar_of(save_tiny_model(tmp_path / "tiny"))
    server.replies[MAIN_PATH] = Reply(archive, stalls=1).signed()
    command = str(Path(sys.executable).with_name("mnclassify"))
    pull = [command, "models", "pull", MAIN]
    processes = [subprocess.Popen(pull, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("waiting for another mnclassify" in errors for errors in told) == 1
    assert all(f"{MAIN} is ready for images of 128 pixels" in errors for errors in told)
    assert server.requests == [MAIN_PATH] * 2  # whether it is there, and then itself

    server.close()
    done = run_command(CAT, "-m", MAIN, "-f", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert {each["label"] for each in json.loads(done.stdout)[0]["predictions"]} == {"class 0", "class 1", "class 2"}
    modules = imported(CAT, "-m", MAIN)
    assert "ai_edge_litert" in modules
    assert "tensorflow" not in modules

    # Its files are watched over.
    assert run_command("models", "verify").stdout == f"{MAIN}: ok\n"
    compiled = Path(os.environ["MNCLASSIFY_HOME"], "models", MAIN, "128.tflite")
    content = bytearray(compiled.read_bytes())
    content[len(content) // 2] ^= 1
    compiled.write_bytes(content)
    done = run_command("models", "verify", MAIN)
    assert (done.returncode, done.stdout) == (1, f"{MAIN}: 128.tflite has changed since it was stored\n")
    assert run_command("models", "remove", MAIN).returncode == 0
    assert run_command("models", "verify").returncode == 0
    again = run_command("models", "remove", MAIN)
    assert again.returncode == 3
    assert "is not in the store" in again.stderr


def test_what_can_be_pulled_is_pulled_though_another_cannot(mnclassify: Run):
    done = mnclassify("models", "pull", "nonsense", MAIN, "efficientnet_lite0", "auto")
    assert done.returncode == 3
    assert "no model is called 'nonsense'" in done.stderr
    assert f"{MAIN} is unavailable. Tried:" in done.stderr
    assert done.stderr.count("efficientnet_lite0 is ready") == 2


def test_without_a_network_it_is_found_out_soon_and_the_embedded_model_does_the_work(
    server: ModelServer, mnclassify: Run, embedded_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # A store that remembers nothing: what is announced once, and which models could not be had.
    shutil.copytree(embedded_home, tmp_path / "home", ignore=shutil.ignore_patterns("notes", "unavailable"))
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "home"))
    server.default = SILENCE
    started = time.monotonic()
    named = mnclassify(CAT, "-m", MAIN)
    assert time.monotonic() - started < 10
    assert named.returncode == 3
    for title in ("TF Hub", "Kaggle Models", "TF-Slim checkpoint"):
        assert f"\n  {title} (" in named.stderr
    server.default = Reply(status=403)
    auto = mnclassify(CAT)
    assert auto.returncode == 0
    assert auto.stdout.rstrip().endswith("efficientnet_lite0")
    assert auto.stderr.count("is not reachable; using the embedded efficientnet_lite0") == 1


def test_import_makes_a_model_that_has_a_name(tmp_path: Path):
    import tensorflow as tf

    function = tf.function(lambda images: tf.nn.softmax(tf.reduce_mean(images, axis=[1, 2])))
    concrete = function.get_concrete_function(tf.TensorSpec([1, 32, 32, 3], tf.float32))
    (tmp_path / "m.tflite").write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    arguments = ["models", "import", str(tmp_path / "m.tflite"), "--name", "colours"]
    done = run_command(
        *arguments, "--labels", str(tmp_path / "labels.txt"), "--license", "CC0-1.0", "--input-range", "0:1"
    )
    assert done.returncode == 0
    assert "colours is ready: 3 classes, for images of 32 pixels (probabilities)" in done.stderr
    done = run_command(CAT, "-m", "colours", "-k", "1")
    assert done.stdout.splitlines()[1].split(",")[5] in ("red", "green", "blue")
    assert "CC0-1.0" in run_command("models", "show", "colours").stdout
    assert run_command("models", "list").stdout.splitlines()[-1].startswith("colours               stored       32")
    assert run_command(*arguments).returncode == 2
    assert run_command(*arguments, "--overwrite", "-q", "--input-range", "0:1").stderr == ""
    assert run_command("models", "import", "nothing", "--name", "x").returncode == 2
    assert run_command("models", "import", CAT, "--name", "x").returncode == 3


@pytest.mark.skipif(not CHECKPOINT.is_dir(), reason="needs the weights in ../shared/checkpoints")
def test_a_trained_checkpoint_recognises_photographs_by_every_way(
    server: ModelServer, shared_images: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    manifest = import_model(str(CHECKPOINT), "mine")
    assert (manifest.image_size, manifest.networks["classification"].width) == (224, 1001)
    files = sorted(shared_images.glob("*.JPEG"))
    truth = [file.name.partition("_")[0] for file in files]
    assert len(files) == 200
    records = run_command(str(shared_images), "-m", "mine", "-f", "jsonl").stdout.splitlines()
    wnids = [[each["wnid"] for each in json.loads(record)["predictions"]] for record in records]
    assert sum(true == found[0] for true, found in zip(truth, wnids, strict=True)) >= 0.85 * 200
    assert sum(true in found for true, found in zip(truth, wnids, strict=True)) >= 0.965 * 200

    in_tensorflow = Classifier("mine", engine="tensorflow").classify(files)
    tops = [result.predictions[0].wnid for result in in_tensorflow]
    assert sum(top == found[0] for top, found in zip(tops, wnids, strict=True)) >= 199

    # Smaller images than it was trained on: less accurate, but it runs.
    small = Classifier("mine", image_size=128).classify(files[::4])
    assert sum(true == result.predictions[0].wnid for true, result in zip(truth[::4], small, strict=True)) >= 0.5 * 50

    # The same SavedModel by way of the hub.
    monkeypatch.setattr("mobilenet_cli.in_tensorflow.downloads.http.report_progress", lambda *_: None)
    monkeypatch.setenv("TFHUB_CACHE_DIR", "")
    saved_model = Path(os.environ["MNCLASSIFY_HOME"], "models", "mine", "saved_model")
    server.replies[HUB_PATH] = Reply(tar_of(saved_model)).signed()
    Classifier("mobilenet_v1_075_224")
    some = [str(file) for file in files[::5]]
    from_hub = run_command(*some, "-m", "mobilenet_v1_075_224", "-f", "jsonl").stdout.splitlines()
    for one, other in zip(map(json.loads, records[::5]), map(json.loads, from_hub), strict=True):
        assert differences(one.pop("predictions"), other.pop("predictions")) == []
        names = [[*filter(None, [each.pop("label")]), *each.pop("kinds")] for each in (one, other)]
        for name, same in zip(*names, strict=True):
            assert same["label"] == name["label"]
            assert same["score"] == pytest.approx(name["score"], abs=TOLERANCE)
        assert other == one | {"model": "mobilenet_v1_075_224"}
