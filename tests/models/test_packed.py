"""A model as bytes runs where there is neither a model store nor the files that it was made of."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mobilenet_cli import Classifier
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.packed import PackedModel

pytestmark = pytest.mark.slow


@pytest.fixture
def model(embedded_home: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    return Classifier("efficientnet_lite0").model


def test_an_unpacked_model_puts_out_the_same(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    packed = pickle.dumps(PackedModel.of(model))
    image = np.random.default_rng(0).random((1, model.image_size, model.image_size, 3), np.float32)
    expected = model.open_engine().session()(image)
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "none"))
    unpacked = pickle.loads(packed).unpacked(tmp_path / "unpacked")
    assert unpacked.trial.path.is_relative_to(tmp_path)
    np.testing.assert_allclose(unpacked.open_unchecked().session()(image), expected, atol=1e-4)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("used_in_place", [False, True])
def test_all_files_of_a_saved_model_are_packed(model: Model, tmp_path: Path, used_in_place: bool):
    model = replace(model, engine="tensorflow")
    if used_in_place:  # by an absolute path
        network = replace(model.network, saved_model=str(model.trial.path))
        model = replace(model, manifest=replace(model.manifest, networks={model.kind: network}))
    unpacked = PackedModel.of(model).unpacked(tmp_path)
    assert unpacked.trial.path.is_relative_to(tmp_path)
    assert content(unpacked.trial.path) == content(model.trial.path)
    assert "saved_model.pb" in content(unpacked.trial.path)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
