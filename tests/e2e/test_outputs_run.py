"""The installed command: several outputs in one pass, other options at --resume, and the use of saved results."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SAMPLES, Run
from exact_network import save_exact_network, save_squares
from unmeasured import unmeasured

pytestmark = pytest.mark.slow

COMMAND = str(Path(sys.executable).with_name("mnclassify"))
MODEL = ("-m", "efficientnet_lite0")
IMAGES = 400


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photographs in photos/ of the current folder."""
    (tmp_path / "photos").mkdir()
    for name in ("cat.jpg", "rocket.jpg"):
        shutil.copy(SAMPLES / name, tmp_path / "photos" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


@pytest.mark.usefixtures("photos")
def test_labels_and_vectors_of_other_options_are_refused_in_one_line(mnclassify: Run):
    assert mnclassify("photos", *MODEL, "-o", "a.csv", "-t", "0.1").returncode == 0
    done = mnclassify("photos", *MODEL, "-o", "a.csv", "--resume", "--sure", "0.7")
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 1)
    assert "cannot resume a.csv: its rows were made with --threshold 0.1, not with --threshold 0; with --sure 0.8" in (
        done.stderr
    )
    assert mnclassify("photos", *MODEL, "-o", "a.csv", "--resume", "-t", "0.1").returncode == 0
    assert mnclassify("embed", "photos", *MODEL, "-o", "v.npz", "-o", "v.parquet").returncode == 0
    done = mnclassify("embed", "photos", *MODEL, "-o", "v.npz", "-o", "v.parquet", "--resume", "--crop", "pad")
    assert done.returncode == 4
    assert "cannot resume v.npz: its rows were made with --crop center, not with --crop pad" in done.stderr
    done = mnclassify("embed", "photos", *MODEL, "-o", "v.npz", "-o", "v.parquet", "--resume")
    assert done.returncode == 0
    assert "2 vectors in v.npz and v.parquet" in done.stderr


def test_a_run_that_is_killed_is_completed_in_all_its_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "home"))
    model = save_exact_network(tmp_path / "exact_32.tflite")
    folder = save_squares(tmp_path / "photos", IMAGES)
    command = [COMMAND, str(folder), "-m", str(model), "--input-range", "0:1", "-k", "2"]
    names = ["a.csv", "b.jsonl", "c.parquet", "page.html"]

    def outputs(where: str) -> list[str]:
        (tmp_path / where).mkdir(exist_ok=True)
        return [each for name in names for each in ("-o", str(tmp_path / where / name))]

    subprocess.run([*command, *outputs("whole")], check=True, stderr=subprocess.DEVNULL)
    run = [*command, *outputs("killed"), "--workers", "1", "--batch-size", "1"]
    process = subprocess.Popen(run, env=unmeasured(), stderr=subprocess.DEVNULL)
    part = tmp_path / "killed" / "b.jsonl.part"
    while not (part.exists() and part.stat().st_size > 5_000):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not any((tmp_path / "killed" / name).exists() for name in names)
    done = subprocess.run([*command, *outputs("killed"), "--resume"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "already done" in done.stderr
    for name in names:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_saved_results_give_a_page_and_sidecars_without_the_model(
    mnclassify: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert mnclassify("photos", *MODEL, "-o", "a.csv", "-o", "a.parquet", "--xmp").returncode == 0
    expected = {each.name: each.read_bytes() for each in photos.glob("*.xmp")}
    assert set(expected) == {"cat.jpg.xmp", "rocket.jpg.xmp"}
    done = mnclassify("photos", *MODEL, "-o", "a.csv", "--resume", "--xmp")
    assert "the sidecars of 2 images finished earlier are left as they were" in done.stderr
    (photos / "cat.jpg.xmp").unlink()
    done = mnclassify("photos", *MODEL, "-o", "a.csv", "--resume", "--xmp")
    assert "sidecars: 1 written" in done.stderr
    assert {each.name: each.read_bytes() for each in photos.glob("*.xmp")} == expected
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "empty"))
    for name in ("a.csv", "a.parquet"):
        for each in photos.glob("*.xmp"):
            each.unlink()
        assert mnclassify("xmp", name).returncode == 0
        assert {each.name: each.read_bytes() for each in photos.glob("*.xmp")} == expected
        assert mnclassify("report", name, "-o", f"{name}.html").returncode == 0
        assert "photos/cat.jpg" in Path(f"{name}.html").read_text()
    assert not (tmp_path / "empty").exists()


README_TABLE = """
from dataclasses import asdict
import pandas as pd, polars as pl
from PIL import Image
import numpy as np
from mobilenet_cli import Classifier
classifier = Classifier("efficientnet_lite0")
image = Image.open("photos/cat.jpg")
rows = [asdict(result) for result in classifier.classify(["photos/cat.jpg", image, np.asarray(image)])]
table = pd.json_normalize(rows)
assert list(table["path"]) == ["photos/cat.jpg", "-", "-"], table
assert len(set(table["label.label"])) == 1, table
assert abs(table["label.score"][0] - table["label.score"][1]) < 1e-4, table  # an array has no colour profile
assert pl.DataFrame(rows)["label"].struct.field("label").n_unique() == 1
"""


@pytest.mark.usefixtures("photos")
def test_results_are_a_table_of_pandas_or_polars_in_one_line(embedded_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    done = subprocess.run([sys.executable, "-c", README_TABLE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
