"""int8 on real networks and photographs: labels and accuracy, and the command on processors with and without it."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLES, SHARED

from mobilenet_cli import Classifier, Prediction
from mobilenet_cli.engines import precision

CHECKPOINT = SHARED / "checkpoints" / "mobilenet_v1_1.0_224"
EMBEDDED = "efficientnet_lite0"
# The command, on a processor whose instructions are the first argument.
COMMAND = """
import sys
from mobilenet_cli.cli import main
from mobilenet_cli.engines import precision
flags = frozenset(sys.argv.pop(1).split())
precision.instructions = lambda: flags
sys.exit(main())
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the embedded model, to which int8 is added."""
    return Path(shutil.copytree(embedded_home, tmp_path_factory.mktemp("precision") / "home"))


@pytest.fixture(autouse=True)
def _in_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(home))


def run(flags: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", COMMAND, flags, *arguments, str(SAMPLES / "cat.jpg")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def models(rows: str) -> set[str]:
    return {row["model"] for row in csv.DictReader(rows.splitlines())}


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(
            str(CHECKPOINT),
            marks=pytest.mark.skipif(not CHECKPOINT.is_dir(), reason="needs the weights in ../shared/checkpoints"),
            id="mobilenet_v1_100_224",
        ),
        EMBEDDED,
    ],
)
def test_labels_and_accuracy_are_kept(model: str, shared_images: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(precision, "instructions", lambda: frozenset({"avx512_vnni", "amx_bf16"}))
    paths = sorted(shared_images.glob("*.JPEG"))
    names, best = [], []
    for each in ("float32", "int8", "bfloat16"):
        classifier = Classifier(model, precision=each)
        names.append(classifier.model.name)
        results = classifier.classify(map(str, paths), top_k=1)
        best.append([result.predictions[0] for result in results])
    assert names == [model, f"{model}@int8", f"{model}@bfloat16"]
    for predictions, least in (best[1], 0.97), (best[2], 0.985):
        equal = sum(one.index == other.index for one, other in zip(predictions, best[0], strict=True))
        assert equal >= least * len(paths)
        assert right(paths, predictions) >= right(paths, best[0]) - 0.01 * len(paths)


def right(paths: list[Path], predictions: list[Prediction]) -> int:
    return sum(path.name.startswith(each.wnid) for path, each in zip(paths, predictions, strict=True))


def test_the_command_says_what_ran():
    fast = run("avx512_vnni", "-m", EMBEDDED, "--precision", "int8", "-f", "csv")
    assert fast.returncode == 0, fast.stderr
    assert models(fast.stdout) == {f"{EMBEDDED}@int8"}
    plain, slow = run("", "-m", EMBEDDED, "-f", "csv"), run("avx2", "-m", EMBEDDED, "--precision", "int8", "-f", "csv")
    assert slow.stdout == plain.stdout
    assert models(slow.stdout) == {EMBEDDED}
    (line,) = slow.stderr.splitlines()
    assert f"{EMBEDDED} runs at float32, since this processor has no instructions for int8" in line


def test_resume_refuses_the_rows_of_another_precision(tmp_path: Path):
    file = str(tmp_path / "labels.csv")
    assert run("", "-m", EMBEDDED, "-o", file).returncode == 0
    before = (tmp_path / "labels.csv").read_text()
    refused = run("avx512_vnni", "-m", EMBEDDED, "--precision", "int8", "-o", file, "--resume")
    assert refused.returncode == 4
    assert f"by the model {EMBEDDED}, not {EMBEDDED}@int8" in refused.stderr
    assert (tmp_path / "labels.csv").read_text() == before
    assert run("avx2", "-m", EMBEDDED, "--precision", "int8", "-o", file, "--resume").returncode == 0


def test_usage_errors_say_what_to_do():
    for arguments, message in (
        (("--precision-photos", str(SAMPLES)), "--precision-photos goes with --precision bfloat16 or int8"),
        (("--engine", "tensorflow", "--precision", "int8"), "TensorFlow does not run int8: LiteRT does"),
    ):
        refused = run("avx512_vnni", *arguments)
        assert refused.returncode == 2
        assert message in refused.stderr


def test_openvino_is_imported_for_bfloat16_alone():
    show = "import atexit, sys; atexit.register(lambda: print('openvino' in sys.modules, file=sys.stderr));" + COMMAND
    for flags, expected in (("", "False"), ("amx_bf16", "True")):
        command = [sys.executable, "-c", show, flags, "-m", EMBEDDED, "--precision", "bfloat16", "-f", "csv"]
        done = subprocess.run([*command, str(SAMPLES / "cat.jpg")], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[-1] == expected
        assert models(done.stdout) == {EMBEDDED if expected == "False" else f"{EMBEDDED}@bfloat16"}
