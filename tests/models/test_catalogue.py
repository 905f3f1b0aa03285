"""What is known of models that are in the store, whole or not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from colour_engine import IMAGES
from stored_models import fill, leftovers, publish, put

from mobilenet_cli.cli import _run, models_text
from mobilenet_cli.errors import InputError, ModelError, StoreError
from mobilenet_cli.models import catalogue, registry, store, unavailable, upkeep
from mobilenet_cli.models.catalogue import Listed
from mobilenet_cli.models.origin import origin_of


def test_models_of_the_store_are_listed_after_the_known_ones():
    publish(b"0123456789")
    models = catalogue.listed()
    assert [model.name for model in models] == [*registry.ENTRIES, "tiny"]
    tiny = models[-1]
    assert (tiny.state, tiny.image_size, tiny.top_1) == ("stored", 32, None)
    assert tiny.bytes_on_disk == 20 + (store.folder_of("tiny") / "manifest.json").stat().st_size
    assert origin_of("tiny").key == "tiny"


def test_a_damaged_model_is_listed_as_such_and_verified_as_such():
    publish()
    (store.folder_of("tiny") / "32.tflite").unlink()
    assert catalogue.listed()[-1].state == "damaged"
    assert list(upkeep.verify([])) == [("tiny", ["32.tflite is missing"])]
    (store.folder_of("tiny") / "manifest.json").write_text("{")
    assert catalogue.listed()[-1].state == "damaged"
    ((name, problems),) = upkeep.verify(["tiny"])
    assert name == "tiny"
    assert "damaged" in problems[0]
    upkeep.remove("tiny")
    assert store.names() == leftovers() == []
    with pytest.raises(ModelError, match="not in the store"):
        list(upkeep.verify(["mobilenet_v1_100_128"]))


@pytest.mark.parametrize(
    "words", [["photos", "-m"], ["models", "show"], ["models", "remove"], ["models", "verify"], ["models", "pull"]]
)
def test_a_mistyped_model_of_the_store_is_answered_with_its_name(tmp_path, monkeypatch, capfd, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "red.png").write_bytes(IMAGES["red"])
    publish_as("flowers")
    assert _run([*words, "flowrs"]) == 3
    said = capfd.readouterr().err
    assert said.startswith("mnclassify: no model is called 'flowrs'; did you mean flowers? `mnclassify models list`")
    assert "mobilenet_v1" not in said
    assert store.names() == ["flowers"]


def test_a_mistyped_model_is_not_exported(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    publish_as("flowers")
    assert _run(["models", "export", "flowrs", "-o", "flowers.zip"]) == 3
    assert "did you mean flowers?" in capfd.readouterr().err
    assert not list(tmp_path.glob("flowers*"))


def publish_as(name: str) -> None:
    put(name, lambda folder: replace(fill(folder), name=name))


def test_auto_is_no_model():
    for use in (catalogue.described, upkeep.remove, lambda name: list(upkeep.verify([name]))):
        with pytest.raises(InputError, match="it stands for"):
            use("auto")


def test_a_long_name_leaves_the_columns_in_place():
    table = models_text.table([Listed("x" * 70, "stored", 128, bytes_on_disk=1_260_000), Listed("y", "remote", 224)])
    heading, name, values, short = table.splitlines()
    assert name == "x" * 70
    assert values.index("stored") == heading.index("State") == short.index("remote")
    assert values.endswith("1.3 MB")
    assert len(values) == len(heading) <= 80


def test_what_is_remembered_as_unavailable_can_be_forgotten():
    origin = origin_of(registry.MAIN)
    unavailable.forget(origin, "classification")
    unavailable.remember(origin, "classification", "no network")
    unavailable.forget(origin, "feature_vector")
    assert unavailable.remembered(origin, "classification") == "no network"
    unavailable.forget(origin, "classification")
    assert unavailable.remembered(origin, "classification") is None


USES = (
    catalogue.listed,
    lambda: catalogue.described("tiny"),
    lambda: list(upkeep.verify([])),
    lambda: upkeep.remove("tiny"),
)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("place", ["home", "home/models"])
def test_a_file_in_the_place_of_the_store_is_an_error_that_names_the_variable(monkeypatch, tmp_path, use, place):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "home"))
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("not a folder")
    with pytest.raises(StoreError, match=r"cannot read the model store .*MNCLASSIFY_HOME"):
        use()


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("place", ["", "models"])
def test_a_store_that_may_not_be_read_likewise(monkeypatch, unprivileged, use, place):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(unprivileged))
    publish()
    (unprivileged / place).chmod(0)
    with pytest.raises(StoreError, match=r"cannot read the model store .*MNCLASSIFY_HOME"):
        use()
    (unprivileged / place).chmod(0o700)


def test_a_model_that_may_not_be_read_is_an_error_and_found_by_verify(monkeypatch, unprivileged):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(unprivileged))
    publish()
    file = store.folder_of("tiny") / "32.tflite"
    file.chmod(0)
    ((name, problems),) = upkeep.verify([])
    assert "Permission denied" in problems[0]
    store.folder_of(name).chmod(0)
    with pytest.raises(StoreError, match="MNCLASSIFY_HOME"):
        catalogue.listed()
    store.folder_of(name).chmod(0o700)
