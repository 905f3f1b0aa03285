from __future__ import annotations

import pytest

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models import registry
from mobilenet_cli.models.origin import origin_of, size_in


def test_the_sixteen_mobilenets_and_the_embedded_model_are_known():
    names = {f"mobilenet_v1_{width}_{size}" for width in ("025", "050", "075", "100") for size in (128, 160, 192, 224)}
    assert set(registry.ENTRIES) == names | {"efficientnet_lite0"}


def test_the_main_model_is_the_hubs(monkeypatch):
    monkeypatch.delenv("MNCLASSIFY_HUB_URL")
    entry = registry.ENTRIES["mobilenet_v1_100_128"]
    assert entry.sources[0].place == "https://tfhub.dev/google/imagenet/mobilenet_v1_100_128/classification/4"
    assert (entry.image_size, entry.top_1, entry.million_parameters, entry.million_multiply_adds) == (
        128,
        65.2,
        4.24,
        186,
    )


def test_every_mobilenet_has_its_sources_in_order():
    names = [name for name in registry.ENTRIES if name.startswith("mobilenet_v1")]
    for name in names:
        assert [source.title for source in origin_of(name).sources] == ["TF Hub", "Kaggle Models", "TF-Slim checkpoint"]
    places = [source.place for source in origin_of("mobilenet_v1_050_160").sources[1:]]
    assert places[0].startswith("google/mobilenet-v1/tensorFlow2/050-160-classification/2")
    assert places[1].endswith("/mobilenet_v1_2018_02_22/mobilenet_v1_0.5_160.tgz")
    checksums = {registry.ENTRIES[name].sources[2].sha256 for name in names}
    assert len(checksums) == 16
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in checksums)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("mobilenet_v1_0.75_224", 224),
        ("mobilenet_v1_1.0_128.ckpt", 128),
        ("mobilenet_v1_0.5_192.tgz", 192),
        ("https://hub.example/mobilenet_v2_100_160/classification/5", 160),
        ("model", None),
        ("v1.224.5", None),
    ],
)
def test_the_size_of_the_input_is_in_the_name(name, size):
    assert size_in(name) == size
    assert size_in("model", name) == size


def test_a_handle_of_a_known_model_is_that_model_on_a_mirror_too(monkeypatch):
    monkeypatch.setenv("MNCLASSIFY_HUB_URL", "http://mirror.example/hub/")
    path = "google/imagenet/mobilenet_v1_050_160/classification/4"
    for base in ("https://tfhub.dev", "http://mirror.example/hub"):
        assert origin_of(f"{base}/{path}").key == "mobilenet_v1_050_160"
    assert origin_of("mobilenet_v1_050_160").sources[0].place == f"http://mirror.example/hub/{path}"


def test_any_other_handle_is_a_model_of_its_own_with_the_size_in_its_name():
    origin = origin_of("https://hub.example/someone/mobilenet_v2_100_192/classification/5")
    assert origin.image_size == 192
    assert origin.name == "https://hub.example/someone/mobilenet_v2_100_192/classification/5"
    assert "/" not in origin.key


def test_a_local_saved_model_is_told_from_any_folder_and_anew_when_it_changes(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(ModelError, match=r"holds no SavedModel \(saved_model\.pb\)"):
        origin_of(str(folder))
    (folder / "saved_model.pb").write_bytes(b"1")
    before = origin_of(str(folder)).key
    assert origin_of(str(folder)).key == before
    (folder / "saved_model.pb").write_bytes(b"22")
    assert origin_of(str(folder)).key != before


def test_a_name_that_is_nothing_is_answered_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.models.store.names", lambda: ["flowers"])
    with pytest.raises(ModelError, match=r"no model is called 'mobilnet'.*mobilenet_v1_100_128"):
        origin_of("mobilnet")
    for typed, meant in (
        ("mobilenet_v1_100_218", "mobilenet_v1_100_128"),
        ("MobileNet_v1_050_160", "mobilenet_v1_050_160"),
        ("efficientnet", "efficientnet_lite0"),
        ("efficientnet_lite", "efficientnet_lite0"),
        ("efficientnet-lite0", "efficientnet_lite0"),
        ("flowrs", "flowers"),
    ):
        with pytest.raises(ModelError, match=f"'{typed}'; did you mean {meant}\\? `mnclassify models list`"):
            origin_of(typed)


def test_a_name_that_is_like_none_is_answered_in_a_line_without_all_names():
    with pytest.raises(ModelError, match=r"no model is called .resnet50.*`mnclassify models list`") as caught:
        origin_of("resnet50")
    assert not [name for name in registry.ENTRIES if name in str(caught.value)]
    assert "did you mean" not in str(caught.value)
