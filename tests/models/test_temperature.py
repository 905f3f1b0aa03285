"""The temperature of each model: where it comes from, and how a calibrated one is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stored_models import fill, leftovers, manifest, publish, put

from mobilenet_cli.cli import models_text
from mobilenet_cli.errors import InputError, ModelError, OutputError, StoreError
from mobilenet_cli.models import catalogue, in_place, registry, store
from mobilenet_cli.models.acquire import Model, check_takes_temperature
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.origin import origin_of
from mobilenet_cli.models.temperature import check_writable, keep_temperature

MAIN = "mobilenet_v1_100_128"
TRAINING = {
    "method": "head",
    "base": {"name": "base"},
    "data": {"images": 80, "classes": {"a": 40, "b": 40}, "fingerprint": "0" * 64},
    "split": {"validation": 60},
    "seed": 0,
    "metrics": {"validation_top_1": 0.9},
}


def stored(name: str, **facts: object) -> Model:
    """A model in the store."""
    with store.lock(name):
        put(name, lambda folder: replace(fill(folder), name=name, **facts))
    return model_of(store.find(name), store.folder_of(name))


def trained(folder: Path) -> Model:
    """A trained model in a folder of the user's."""
    folder.mkdir(parents=True)
    made = replace(fill(folder), training=TRAINING, temperature=0.9).with_files_of(folder)
    made.write(folder)
    return model_of(made, folder)


def model_of(facts: Manifest | None, folder: Path) -> Model:
    assert facts is not None
    return Model("m", facts, "classification", 32, "litert", folder)


def written(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_the_family_has_one_temperature_and_the_embedded_model_none():
    temperatures = {name: entry.temperature for name, entry in registry.ENTRIES.items()}
    assert temperatures.pop("efficientnet_lite0") == 1.0
    assert set(temperatures.values()) == {1.5}


@pytest.mark.parametrize(
    ("handle", "temperature"),
    [
        (f"https://tfhub.dev/google/imagenet/{MAIN}/classification/4", 1.5),
        ("https://tfhub.dev/google/imagenet/mobilenet_v1_050_160/classification/3", 1.5),
        ("https://example.org/google/imagenet/mobilenet_v1_100_224/quantops/classification/3", 1.5),
        ("https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/classification/5", 1.0),
        ("https://example.org/mobilenet_v1_100_224/1", 1.0),
    ],
)
def test_a_handle_of_the_family_has_the_family_s(handle: str, temperature: float):
    assert origin_of(handle).temperature == temperature


def test_a_manifest_of_the_first_version_gets_the_registry_s_or_one():
    for name, temperature in ((MAIN, 1.5), ("efficientnet_lite0", 1.0), ("mine", 1.0)):
        model = stored(name)
        assert "temperature" not in written(model.folder)
        assert written(model.folder)["version"] == 1
        assert model.temperature == temperature
        assert catalogue.described(name)["temperature"] == temperature


def test_the_registry_is_the_truth_for_the_names_that_it_knows_only():
    assert stored(MAIN, temperature=3.0).temperature == 1.5
    assert stored("mine", temperature=3.0).temperature == 3.0
    assert stored("animals", temperature=0.9, training=TRAINING).temperature == 0.9
    assert model_of(manifest(MAIN), Path("elsewhere")).temperature == 1.5
    named_alike = replace(manifest(MAIN), temperature=0.9, training=TRAINING)
    assert model_of(named_alike, Path("elsewhere")).temperature == 0.9


@pytest.mark.parametrize(
    ("facts", "version"), [({}, 1), ({"training": TRAINING}, 2), ({"temperature": 1.5}, 3), ({"temperature": 0.25}, 3)]
)
def test_a_manifest_is_of_the_lowest_version_that_says_all_and_reads_back(facts: dict, version: int):
    model = stored("mine", **facts)
    assert written(model.folder)["version"] == version
    assert model.manifest.temperature == facts.get("temperature", 1.0)
    assert model.manifest.training == facts.get("training")


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity", "1e999", '"1.5"', "true", "null", "[1]"])
def test_what_is_no_divisor_is_refused(value: str):
    publish()
    file = store.folder_of("tiny") / "manifest.json"
    text = file.read_text().replace('"version": 1', f'"version": 3, "calibration": null, "temperature": {value}')
    file.write_text(text)
    with pytest.raises(ModelError, match="damaged"):
        store.find("tiny")


@pytest.mark.parametrize("name", [MAIN, "mine"])
def test_a_calibrated_temperature_is_kept_wins_and_changes_nothing_else(name: str):
    model = stored(name)
    before, files = written(model.folder), contents(model.folder)
    record = keep_temperature(model, 1.23, 312, "2026-11-25")
    assert (record.images, record.date, record.before) == (312, "2026-11-25", model.temperature)
    again = model_of(store.find(name), model.folder)
    assert again.temperature == 1.23
    assert again.manifest.calibration == record
    assert contents(model.folder) == files
    assert store.problems(name) == leftovers() == []
    after = written(model.folder)
    changed = {key for key in after if before.get(key) != after[key]}
    assert changed == {"temperature", "calibration", "version"}
    assert keep_temperature(again, 1.0, 50, "2026-11-26").before == 1.23
    assert store.find(name).temperature == 1.0
    assert model_of(store.find(name), model.folder).temperature == 1.0
    page = models_text.page(catalogue.described(name))
    assert "Temperature    1, calibrated on 50 images on 2026-11-26 (1.23 before)" in page


def test_what_another_process_added_meanwhile_stays():
    model = stored("mine")
    with store.lock("mine"), store.new_files("mine") as folder:
        (folder / "64.tflite").write_bytes(b"more")
        store.extend(folder, model.manifest)
    keep_temperature(model, 1.23, 312, "2026-11-25")
    assert "64.tflite" in store.find("mine").files
    assert store.problems("mine") == []


def test_a_model_made_anew_is_no_longer_calibrated():
    keep_temperature(stored("mine"), 1.23, 312, "2026-11-25")
    assert stored("mine").manifest.calibration is None


def test_a_model_that_is_gone_is_not_made_again():
    model = stored("mine")
    store.remove("mine")
    with pytest.raises(ModelError, match="no longer in the store"):
        keep_temperature(model, 1.23, 312, "2026-11-25")
    assert store.names() == []


def test_the_manifest_of_a_trained_model_is_replaced_where_it_is(tmp_path: Path):
    model = trained(tmp_path / "animals")
    files = contents(model.folder)
    shown = models_text.page(catalogue.described(str(model.folder)))
    assert "Temperature    0.9, fitted on the validation images" in shown
    assert keep_temperature(model, 1.1, 50, "2026-11-25").before == 0.9
    assert contents(model.folder) == files
    assert {path.name for path in model.folder.iterdir()} == {"manifest.json", "saved_model", "32.tflite"}
    kept = in_place.read(model.folder)
    assert (kept.temperature, kept.training, kept.files) == (1.1, TRAINING, model.manifest.files)
    assert "1.1, calibrated on 50 images" in models_text.page(catalogue.described(str(model.folder)))
    assert store.names() == []


def test_a_failure_leaves_the_manifest_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for model in (stored("mine"), trained(tmp_path / "animals")):
        before = (model.folder / "manifest.json").read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(Manifest, "write", full)
            with pytest.raises((StoreError, OutputError), match="No space left"):
                keep_temperature(model, 1.1, 50, "2026-11-25")
        assert (model.folder / "manifest.json").read_bytes() == before
        assert not [path for path in model.folder.iterdir() if path.name.startswith(".")]
    assert leftovers() == []


@pytest.mark.parametrize("keep", [check_writable, lambda model: keep_temperature(model, 1.1, 50, "2026-11-25")])
def test_where_it_cannot_be_written_it_is_refused(
    unprivileged: Path, monkeypatch: pytest.MonkeyPatch, keep: Callable[[Model], object]
):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(unprivileged / "home"))
    in_store, in_folder = stored("mine"), trained(unprivileged / "animals")
    check_writable(in_store)
    check_writable(in_folder)
    for model, folders, error in (
        (in_store, [unprivileged / "home" / name for name in ("", "locks", "models/mine")], StoreError),
        (in_folder, [in_folder.folder], OutputError),
    ):
        before = (model.folder / "manifest.json").read_bytes()
        for folder in folders:
            folder.chmod(0o500)
        for lock in (unprivileged / "home" / "locks").iterdir():
            lock.chmod(0o400)
        with pytest.raises(error, match=r"cannot write"):
            keep(model)
        for folder in folders:
            folder.chmod(0o700)
        assert (model.folder / "manifest.json").read_bytes() == before


def test_a_copy_takes_its_temperature_along(tmp_path: Path):
    """Also one of a known model of the first version, which then has another name."""
    for model in (stored(MAIN), trained(tmp_path / "animals")):
        (tmp_path / model.manifest.name).mkdir()
        copied = in_place.copy(model.folder, tmp_path / model.manifest.name, "copy")
        assert (copied.name, model_of(copied, tmp_path).temperature) == ("copy", model.temperature)


def test_scores_have_no_temperature():
    network = replace(manifest().networks["classification"], output="probabilities")
    model = stored("mine", networks={"classification": network})
    with pytest.raises(InputError, match="divides logits"):
        check_takes_temperature(model)
    check_takes_temperature(stored("other"))
