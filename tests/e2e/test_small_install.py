"""The small install: requirements/runtime.txt and the package without its dependencies, in a new environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SAMPLES, Run, run_command
from network_scores import TOLERANCE

from mobilenet_cli.text import printable

pytestmark = pytest.mark.slow

MEGABYTE = 1 << 20
EMBEDDED = "efficientnet_lite0"

Small = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the small install, made as README says."""
    folder = tmp_path_factory.mktemp("small")
    source = folder / "source"  # setuptools builds in the source's folder
    shutil.copytree(ROOT / "mobilenet_cli", source / "mobilenet_cli", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "requirements", source / "requirements")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    environment = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    for arguments in (["-r", "requirements/runtime.txt"], ["--no-deps", "."]):
        command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", *arguments]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=600)
        if done.returncode and os.environ.get("CI") != "true":
            pytest.skip(f"the packages cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
        assert done.returncode == 0, done.stderr
    return environment


@pytest.fixture(scope="module")
def small(environment: Path, embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The small install's command, to which the embedded model was carried in a file."""
    folder = tmp_path_factory.mktemp("carried")
    home = {"MNCLASSIFY_HOME": str(folder / "home")}

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        command = [str(environment / "bin" / "mnclassify"), *arguments]
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        settings: dict[str, object] = {"capture_output": True, "text": True, "timeout": 120, "env": clean | home}
        return subprocess.run(command, stdin=subprocess.DEVNULL, **(settings | options))

    file = str(folder / "model.zip")
    full = {"MNCLASSIFY_HOME": str(embedded_home)}
    assert run_command("models", "pull", EMBEDDED, "--kind", "both", env=full, timeout=300).returncode == 0
    assert run_command("models", "export", EMBEDDED, "-o", file, env=full).returncode == 0
    done = run("models", "import", file)
    assert done.returncode == 0, done.stderr
    return run


def test_it_takes_less_than_300_megabytes(environment: Path, small: Small):
    small(str(SAMPLES / "cat.jpg"))  # which writes the bytecode too
    size = sum(file.lstat().st_blocks * 512 for file in environment.rglob("*"))
    print(f"{size / MEGABYTE:.0f} MiB")
    assert 100 * MEGABYTE < size < 300e6
    assert not list(environment.glob("lib/*/site-packages/tensorflow"))


def test_it_gives_the_records_of_the_full_install(small: Small, mnclassify: Run):
    arguments = (str(SAMPLES), "-f", "jsonl", "-m", EMBEDDED)
    ours, theirs = small(*arguments), mnclassify(*arguments)
    assert (ours.returncode, theirs.returncode) == (0, 0)
    records, expected = (list(map(json.loads, done.stdout.splitlines())) for done in (ours, theirs))
    assert len(records) == len(expected) >= 5
    for record, other in zip(records, expected, strict=True):
        assert scores_of(record) == pytest.approx(scores_of(other), abs=TOLERANCE)
        assert without_scores(record) == without_scores(other)


def scores_of(record: dict[str, object]) -> list[float]:
    named = [*record["predictions"], *record["kinds"], *filter(None, [record["label"]])]
    return [each["score"] for each in named]


def without_scores(record: dict[str, object]) -> object:
    return json.loads(json.dumps(record), object_hook=lambda value: {k: v for k, v in value.items() if k != "score"})


def test_it_embeds_reports_sorts_and_evaluates(small: Small, tmp_path: Path):
    photos = tmp_path / "photos" / "tiger cat"
    photos.mkdir(parents=True)
    shutil.copy(SAMPLES / "cat.jpg", photos)
    done = small("embed", str(photos), "-m", EMBEDDED, "-o", str(tmp_path / "vectors.npz"))
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "vectors.npz")["vectors"].shape == (1, 1280)

    assert small(str(photos), "-m", EMBEDDED, "--xmp", "-o", str(tmp_path / "results.jsonl")).returncode == 0
    assert (photos / "cat.jpg.xmp").exists()
    assert small("report", str(tmp_path / "results.jsonl"), "-o", str(tmp_path / "page.html")).returncode == 0
    assert "Egyptian cat" in (tmp_path / "page.html").read_text()

    assert small("evaluate", str(photos.parent), "-m", EMBEDDED, "-o", str(tmp_path / "figures.html")).returncode == 0
    assert small("sort", str(photos), "--into", str(tmp_path / "sorted"), "-m", EMBEDDED).returncode == 0
    assert (tmp_path / "sorted" / "cat" / "cat.jpg").exists()


def test_the_usual_command_uses_the_model_that_was_carried(small: Small):
    done = small(str(SAMPLES / "cat.jpg"), "-v")
    assert done.returncode == 0
    assert f",{EMBEDDED}" in done.stdout
    assert f"mobilenet_v1_100_128 is not in the store; using the embedded {EMBEDDED}" in done.stderr


def test_a_tflite_file_needs_no_tensorflow(small: Small, embedded_home: Path, tmp_path: Path):
    file = shutil.copy(embedded_home / "models" / EMBEDDED / "224.tflite", tmp_path / "net.tflite")
    done = small("-m", str(file), str(SAMPLES / "cat.jpg"), "--input-range", "0:1", "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"]["label"] == "cat"


def test_what_needs_tensorflow_says_in_a_line_how_to_install_it(small: Small, environment: Path, tmp_path: Path):
    cat = str(SAMPLES / "cat.jpg")
    saved_model, keras = tmp_path / "net_96", tmp_path / "net.keras"
    saved_model.mkdir()
    for file in (saved_model / "saved_model.pb", keras):
        file.write_bytes(b"only TensorFlow could say what this is")
    install = f"`{printable(str(environment / 'bin' / 'python'))}"
    for code, arguments in (
        (3, ["-m", "mobilenet_v1_100_128", cat]),
        (3, ["-m", "https://127.0.0.1:9/some/module", cat]),
        (3, ["-m", str(saved_model), cat]),
        (3, ["-m", str(keras), cat]),
        (2, ["-m", EMBEDDED, "--engine", "tensorflow", cat]),
        (3, ["models", "pull", EMBEDDED, "mobilenet_v1_025_160"]),
        (3, ["models", "import", str(saved_model), "--name", "mine"]),
        (3, ["train", str(tmp_path), "-o", str(tmp_path / "mine"), "-m", EMBEDDED]),
    ):
        done = small(*arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert done.stdout == "", arguments
        (line,) = (line for line in done.stderr.splitlines() if "needs TensorFlow, which is not installed" in line)
        assert install in line
        assert "-m pip install mobilenet-cli`" in line
        assert "Traceback" not in done.stderr
        assert done.stderr.splitlines()[-1] == line
