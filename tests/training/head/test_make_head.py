"""A new head on a network: what its model says of itself."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from model_server import save_tiny_model

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.manifest import Compiled, Manifest, Network
from mobilenet_cli.training.features import Examples
from mobilenet_cli.training.head import template
from mobilenet_cli.training.head.make import make_head
from mobilenet_cli.training.job import Job

pytest.importorskip("tensorflow")
WIDTH = 3  # of the tiny model's output


@pytest.mark.slow
def test_a_size_that_the_base_is_not_compiled_for_leaves_nothing_compiled(tmp_path: Path) -> None:
    saved_model = save_tiny_model(tmp_path / "base" / "saved_model")
    (tmp_path / "template").mkdir()
    template.build(saved_model, tmp_path / "template", 48)
    future: Future[template.HeadTemplate] = Future()
    future.set_result(template.HeadTemplate(tmp_path / "template"))

    compiled = {"32": Compiled("32.tflite", 0.0), "64": Compiled(None, None, "too large")}
    network = Network("", "saved_model", WIDTH, "features", compiled)
    manifest = Manifest("base", "", 32, "center", "bilinear", "", {"feature_vector": network})
    labels = np.arange(20) % 2
    features = np.random.default_rng(0).normal(labels[:, np.newaxis], 0.1, (20, WIDTH)).astype(np.float32)
    job = Job(
        base=Model("base", manifest, "feature_vector", 48, "tensorflow", tmp_path / "base"),
        saved_model=saved_model,
        preprocessing=Preprocessing(48),
        classes=("a", "b"),
        examples=Examples(tuple(map(str, range(20))), labels, tuple(map(str, range(20))), features, ()),
        splits=((np.arange(10), np.arange(10, 20)),),
        seed=0,
        summaries=None,
    )
    (tmp_path / "made").mkdir()
    made = make_head(job, tmp_path / "made", lambda *_: None, lambda _: None, future)
    assert {kind: network.compiled for kind, network in made.networks.items()} == {
        "classification": {},
        "feature_vector": {},
    }
    assert made.temperature == 1.0  # ten images, all of them right
