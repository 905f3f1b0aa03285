"""Models' folders outside of the store, which may come from anybody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from stored_models import put

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models import in_place, store
from mobilenet_cli.models.importing import import_model
from mobilenet_cli.models.manifest import Compiled, FileRecord, Manifest, Network
from mobilenet_cli.models.origin import origin_of

OUTSIDE = ("../../../models/victim/32.tflite", "saved_model/../../victim", "/etc/passwd", "..")


def put_model(folder: Path, network: Network, **facts: object) -> None:
    (folder / "saved_model").mkdir(parents=True)
    (folder / "32.tflite").write_bytes(b"weights")
    manifest = Manifest("m", "", 32, "center", "bilinear", "", {"classification": network})
    replace(manifest.with_files_of(folder), **facts).write(folder)


NETWORK = Network("", "saved_model", 2, "logits", {"32": Compiled("32.tflite")})


@pytest.mark.parametrize("outside", OUTSIDE)
@pytest.mark.parametrize("field", ["labels", "files", "saved_model", "compiled"])
def test_a_manifest_that_names_files_outside_of_its_folder_is_refused(tmp_path: Path, field: str, outside: str) -> None:
    facts: dict[str, object] = {
        "labels": {"labels": outside},
        "files": {"files": {outside: FileRecord(7, "")}},
        "saved_model": {"networks": {"classification": replace(NETWORK, saved_model=outside)}},
        "compiled": {"networks": {"classification": replace(NETWORK, compiled={"32": Compiled(outside)})}},
    }[field]
    put_model(tmp_path / "m", NETWORK, **facts)
    with pytest.raises(ModelError, match="outside of the folder"):
        in_place.read(tmp_path / "m")


def test_an_imported_folder_writes_to_no_other_model(tmp_path: Path) -> None:
    with store.lock("victim"):
        put("victim", lambda folder: fill(folder, NETWORK))
    victim = store.folder_of("victim") / "32.tflite"
    evil = tmp_path / "a" / "b" / "c" / "d"
    put_model(evil, NETWORK)
    (tmp_path / "a" / "models" / "victim").mkdir(parents=True)
    (tmp_path / "a" / "models" / "victim" / "32.tflite").write_bytes(b"trojan")
    manifest = json.loads((evil / "manifest.json").read_text())
    manifest["files"]["../../../models/victim/32.tflite"] = {"size": 6, "sha256": ""}
    (evil / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError):
        import_model(str(evil), "evil")
    assert victim.read_bytes() == b"weights"
    assert store.problems("victim") == []
    assert store.names() == ["victim"]


def fill(folder: Path, network: Network) -> Manifest:
    (folder / "saved_model").mkdir()
    (folder / "32.tflite").write_bytes(b"weights")
    return Manifest("victim", "", 32, "center", "bilinear", "", {"classification": network})


def test_the_stores_own_models_may_be_used_from_elsewhere(tmp_path: Path) -> None:
    elsewhere = replace(NETWORK, saved_model=str(tmp_path))
    with store.lock("mine"):
        put("mine", lambda folder: replace(fill(folder, elsewhere), name="mine"))
    found = store.find("mine")
    assert found is not None
    assert found.networks["classification"].saved_model == str(tmp_path)


def test_a_model_whose_labels_are_imagenets_is_used_where_it_is(tmp_path: Path) -> None:
    put_model(tmp_path / "m", NETWORK, labels="imagenet")
    origin = origin_of(str(tmp_path / "m"))
    in_place.adopt(origin, tmp_path / "m", in_place.read(tmp_path / "m"), lambda *_: None)
    adopted = store.find(origin.key)
    assert adopted.labels == "imagenet"
