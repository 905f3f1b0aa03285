"""An evaluation on images that the model was made with says so."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from stored_models import manifest

from mobilenet_cli.cli.evaluate import _print_seen
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.cli.train import described_classes
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.records import Source


def made(folder: Path, parts: dict[bytes, str], *, hashed: bool = True) -> Model:
    rows = ["path,label,part,error" + ",sha256" * hashed]
    for content, part in parts.items():
        rows.append(f"elsewhere.jpg,x,{part}," + f",{hashlib.sha256(content).hexdigest()}" * hashed)
    (folder / "split.csv").write_text("\n".join([*rows, "bad.jpg,,left out,gone" + "," * hashed]) + "\n")
    return Model("mine", replace(manifest("mine"), training={}), "classification", 32, "litert", folder)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (["training", "training", "validation"], "mine was trained on 2 and chosen by 1 of these 4 images: "),
        (["fold 1", "fold 2", "fold 1"], "mine was trained on 3 of these 4 images: "),
        ([], ""),
    ],
)
def test_images_are_known_by_their_contents_whatever_their_names(tmp_path: Path, capfd, parts: list[str], said: str):
    contents = [b"one", b"two", b"three", b"other"]
    for content in contents:
        (tmp_path / f"{content.decode()}.jpg").write_bytes(content)
    images = [Source(str(tmp_path / f"{content.decode()}.jpg")) for content in contents]
    model = made(tmp_path, dict(zip(contents, parts, strict=False)))
    _print_seen(model, images, Terminal())
    err = capfd.readouterr().err
    assert err.startswith(f"mnclassify: {said}") if said else err == ""


def test_a_model_without_hashes_or_records_says_nothing(tmp_path: Path, capfd):
    (tmp_path / "a.jpg").write_bytes(b"one")
    images = [Source(str(tmp_path / "a.jpg")), Source("-", data=b""), Source("gone.jpg", error="gone")]
    model = made(tmp_path, {b"one": "training"}, hashed=False)
    _print_seen(model, images, Terminal())
    (tmp_path / "split.csv").unlink()
    _print_seen(model, images, Terminal())
    _print_seen(replace(model, manifest=replace(model.manifest, training=None)), images, Terminal())
    assert capfd.readouterr().err == ""


def test_classes_are_listed_with_their_numbers_of_images():
    assert described_classes(["cat", "dog"], [0, 1, 1]) == "cat (1), dog (2)"
    many = [f"class {number}" for number in range(25)]
    assert described_classes(many, list(range(25))).endswith("class 19 (1), and 5 more")
