"""What a trained model says of how it was made."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.manifest import Manifest, Network
from mobilenet_cli.training.features import Examples
from mobilenet_cli.training.job import Job
from mobilenet_cli.training.record import write_split


def test_each_image_is_one_row_of_the_split_whatever_its_name(tmp_path: Path) -> None:
    names = ["a,b.jpg", 'a"b.jpg', "a\rb.jpg", "a\nb.jpg", "\udcff.jpg", "c.jpg"]
    manifest = Manifest("m", "", 32, "center", "bilinear", "", {"feature_vector": Network("", None, 2, "features")})
    examples = Examples(
        paths=tuple(names[:4]),
        labels=np.array([0, 0, 1, 1]),
        digests=("1", "2", "3", "4"),
        features=np.zeros((4, 2), np.float32),
        left_out=((names[4], "no\rimage"), (names[5], "gone")),
    )
    job = Job(
        base=Model("m", manifest, "feature_vector", 32, "litert", tmp_path),
        saved_model=tmp_path,
        preprocessing=Preprocessing(32),
        classes=("x", "y"),
        examples=examples,
        splits=((np.array([0, 2]), np.array([1, 3])),),
        seed=0,
        summaries=None,
    )
    write_split(tmp_path, job)
    content = (tmp_path / "split.csv").read_bytes()
    assert b'"a\rb.jpg",y,training,,3\n' in content  # quoted: before Python 3.13, its reader takes it for two rows else
    with (tmp_path / "split.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["path", "label", "part", "error", "sha256"],
        [names[0], "x", "training", "", "1"],
        [names[1], "x", "validation", "", "2"],
        [names[2], "y", "training", "", "3"],
        [names[3], "y", "validation", "", "4"],
        [names[4], "", "left out", "no\rimage", ""],
        [names[5], "", "left out", "gone", ""],
    ]
