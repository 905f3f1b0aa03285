"""Manifests are input: whatever one holds, it is read right or refused with a reason, and breaks nothing else."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored_models import fill, publish, put

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models import catalogue, store, upkeep
from mobilenet_cli.models.manifest import Calibration, Manifest

TRAINING = {
    "method": "head",
    "base": {"name": "base", "network": "0"},
    "data": {"images": 80, "classes": {"a": 40, "b": 40}, "fingerprint": "0" * 64},
    "split": {"validation": 60},
    "seed": 0,
    "metrics": {"validation_top_1": 0.9},
}


def full(folder: Path) -> Manifest:
    made = fill(folder).with_files_of(folder)
    return replace(made, training=TRAINING, temperature=1.5, calibration=Calibration(10, "2026-11-25", 1.0))


@pytest.fixture
def written() -> Path:
    """The manifest of a model in the store that has every optional field."""
    with store.lock("tiny"):
        put("tiny", full)
    return store.folder_of("tiny") / "manifest.json"


def edited(file: Path, place: str, value: object) -> None:
    values = inner = json.loads(file.read_text())
    del values["training"]["manifest_sha256"]  # a stranger writes what fits
    *steps, last = place.split("/")
    for step in steps:
        inner = inner[step]
    inner[last] = value
    file.write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("name", "../../etc"),
        ("name", 5),
        ("name", ""),
        ("name", "a\0b"),
        ("license", None),
        ("license", "\ud800"),
        ("image_size", 0),
        ("image_size", 10**9),
        ("image_size", 32.5),
        ("image_size", True),
        ("crop", "evil"),
        ("interpolation", ["bilinear"]),
        ("labels", "labels.txt"),
        ("networks", []),
        ("networks/evil", {}),
        ("networks/classification/output", "evil"),
        ("networks/classification/width", 0),
        ("networks/classification/width", "2"),
        ("networks/classification/width", 10**400),
        ("networks/classification/compiled", {"-1": {"file": "32.tflite"}}),
        ("networks/classification/compiled/32", {"file": 7}),
        ("networks/classification/compiled/32", {"file": "other.tflite"}),
        ("networks/classification/compiled/32/variants", {"int3": {}}),
        ("networks/classification/input", {"mean": [0, 0, 0], "std": [0, 1, 1], "channels": "rgb"}),
        ("networks/classification/input", {"mean": [0, 0], "std": [1, 1, 1], "channels": "rgb"}),
        ("networks/classification/input", {"mean": [0, 0, 1e999], "std": [1, 1, 1], "channels": "rgb"}),
        ("files/32.tflite", {"size": -1, "sha256": "0" * 64}),
        ("files/32.tflite", {"size": 7, "sha256": "none"}),
        ("files/32.tflite", {"size": 7}),
        ("temperature", -1),
        ("calibration", {"images": "many", "date": "", "before": 1}),
        ("training/metrics", {}),
        ("training/split", []),
        ("training/data/classes", ["a"]),
        ("unknown", 1),
    ],
)
def test_a_manifest_of_wrong_types_ranges_or_names_is_refused(written: Path, place: str, value: object) -> None:
    edited(written, place, value)
    with pytest.raises(ModelError, match="is damaged"):
        store.find("tiny")


def test_a_refusal_names_the_place_and_the_value(written: Path) -> None:
    edited(written, "networks/classification/output", "evil")
    with pytest.raises(ModelError, match=r"networks\.classification\.output is one of logits, .*, not 'evil'"):
        store.find("tiny")


@pytest.mark.parametrize("content", ["[" * 100_000, "1" * 5000, "nul", '{"name": "a"', "\ufeff{}", "null"])
def test_what_is_no_manifest_is_refused(written: Path, content: str) -> None:
    written.write_text(content)
    with pytest.raises(ModelError, match="is damaged"):
        store.find("tiny")


def test_a_folder_or_a_link_to_a_device_in_the_manifests_place_is_refused(written: Path) -> None:
    written.unlink()
    written.symlink_to("/dev/zero")
    with pytest.raises(ModelError, match="no regular file"):
        store.find("tiny")


def test_a_bad_manifest_breaks_neither_the_list_nor_verify_of_others(written: Path) -> None:
    edited(written, "networks/classification/output", "evil")
    with store.lock("other"):
        put("other", lambda folder: replace(fill(folder), name="other"))
    states = {each.name: each.state for each in catalogue.listed()}
    assert (states["tiny"], states["other"]) == ("damaged", "stored")
    problems = dict(upkeep.verify([]))
    assert "output is one of" in problems["tiny"][0]
    assert problems["other"] == []


def test_the_name_in_a_manifest_leads_to_no_other_model() -> None:
    publish()
    with store.lock("copied"):
        put("copied", lambda folder: replace(fill(folder, b"others"), name="copied"))
    file = store.folder_of("copied") / "manifest.json"
    file.write_text(file.read_text().replace('"name": "copied"', '"name": "tiny"'))
    found = store.find("copied")
    assert found is not None
    assert found.name == "copied"


@pytest.mark.parametrize("edit", [("0.9", "0.8"), ('"bilinear"', '"bicubic"'), ('"logits"', '"probabilities"')])
def test_the_manifest_of_a_trained_model_shows_that_it_has_changed(written: Path, edit: tuple[str, str]) -> None:
    assert store.find("tiny") is not None
    text = written.read_text()
    assert edit[0] in text
    written.write_text(text.replace(*edit))
    with pytest.raises(ModelError, match=r"has changed since it was written: SHA-256"):
        store.find("tiny")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def places(values: Any, before: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(values, dict):
        return [place for name, value in values.items() for place in [(*before, name), *places(value, (*before, name))]]
    return []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_whatever_stands_in_a_field_the_manifest_is_read_or_refused(written: Path, data: st.DataObject) -> None:
    original = written.read_text()
    values = json.loads(original)
    values["training"].pop("manifest_sha256")
    *steps, last = data.draw(st.sampled_from(places(values)))
    inner: Any = values
    for step in steps:
        inner = inner[step]
    if data.draw(st.booleans()):
        inner[last] = data.draw(JSON)
    else:
        inner[data.draw(st.text())] = inner.pop(last)
    written.write_text(json.dumps(values))
    with contextlib.suppress(ModelError):
        found = store.find("tiny")
        assert found is None or (found.name == "tiny" and found.image_size > 0)
    written.write_text(original)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(min_value=0), st.integers(0, 255))
def test_whatever_byte_is_flipped_the_manifest_is_read_as_it_was_or_refused(
    written: Path, place: int, value: int
) -> None:
    original = written.read_bytes()
    expected = store.find("tiny")
    assert expected is not None
    content = bytearray(original)
    content[place % len(content)] = value
    written.write_bytes(content)
    try:
        found = store.find("tiny")
    except ModelError:
        found = expected
    finally:
        written.write_bytes(original)
    # Where the flipped byte is in the name of the hash itself, nothing else has changed.
    assert found is None or replace(found, training=TRAINING) == replace(expected, training=TRAINING)
