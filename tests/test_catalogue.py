"""What is known of models that are in the store, whole or not."""

from __future__ import annotations

import pytest
from test_store import leftovers, publish

from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.models import catalogue, pages, registry, store, unavailable, upkeep
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


def test_auto_is_no_model():
    for use in (catalogue.described, upkeep.remove, lambda name: list(upkeep.verify([name]))):
        with pytest.raises(InputError, match="it stands for"):
            use("auto")


def test_a_long_name_leaves_the_columns_in_place():
    table = pages.table([Listed("x" * 70, "stored", 128, bytes_on_disk=1_260_000), Listed("y", "remote", 224)])
    heading, name, values, short = table.splitlines()
    assert name == "x" * 70
    assert values.index("stored") == heading.index("State") == short.index("remote")
    assert values.endswith("1.3 MB")
    assert len(values) == len(heading) <= 80


def test_what_is_remembered_as_unavailable_can_be_forgotten():
    origin = origin_of(registry.MAIN)
    unavailable.forget(origin)
    unavailable.remember(origin, "no network")
    unavailable.forget(origin)
    assert unavailable.remembered(origin) is None
