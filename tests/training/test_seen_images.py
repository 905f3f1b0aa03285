"""An evaluation on images that the model was made with says so."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from stored_models import manifest

from mobilenet_cli.cli.train import described_classes
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.records import Source
from mobilenet_cli.training.seen import Seen, seen


def made(folder: Path, parts: dict[bytes, str], *, hashed: bool = True) -> Model:
    rows = ["path,label,part,error" + ",sha256" * hashed]
    for content, part in parts.items():
        rows.append(f"elsewhere.jpg,x,{part}," + f",{hashlib.sha256(content).hexdigest()}" * hashed)
    (folder / "split.csv").write_text("\n".join([*rows, "bad.jpg,,left out,gone" + "," * hashed]) + "\n")
    return Model("mine", replace(manifest("mine"), training={}), "classification", 32, "litert", folder)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["training", "training", "validation"], Seen(2, 1)),
        (["fold 1", "fold 2", "fold 1"], Seen(3)),
        ([], Seen()),
    ],
)
def test_images_are_known_by_their_contents_whatever_their_names(tmp_path: Path, parts: list[str], expected: Seen):
    contents = [b"one", b"two", b"three", b"other"]
    for content in contents:
        (tmp_path / f"{content.decode()}.jpg").write_bytes(content)
    images = [Source(str(tmp_path / f"{content.decode()}.jpg")) for content in contents]
    model = made(tmp_path, dict(zip(contents, parts, strict=False)))
    assert seen(model, images) == expected


def test_of_a_model_without_hashes_or_records_no_image_is_known(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(b"one")
    images = [Source(str(tmp_path / "a.jpg")), Source("-", data=b""), Source("gone.jpg", error="gone")]
    model = made(tmp_path, {b"one": "training"}, hashed=False)
    assert seen(model, images) == Seen()
    (tmp_path / "split.csv").unlink()
    assert seen(model, images) == Seen()
    assert seen(replace(model, manifest=replace(model.manifest, training=None)), images) == Seen()


def test_classes_are_listed_with_their_numbers_of_images():
    assert described_classes(["cat", "dog"], [0, 1, 1]) == "cat (1), dog (2)"
    many = [f"class {number}" for number in range(25)]
    assert described_classes(many, list(range(25))).endswith("class 19 (1), and 5 more")
