"""`--precision`: the int8 file beside the float32 one, and float32 where the processor lacks the instructions."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from in_this_process import InThisProcess
from stored_models import fill, leftovers, manifest, publish, put

from mobilenet_cli import Classifier, Embedder
from mobilenet_cli.cli import models_text
from mobilenet_cli.engines import precision as precisions
from mobilenet_cli.errors import InputError, ModelError, ModelWarning
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow.float_network import RoundedNetwork
from mobilenet_cli.models import catalogue, registry, store, upkeep
from mobilenet_cli.models.acquire import acquire
from mobilenet_cli.models.manifest import Compiled, Manifest
from mobilenet_cli.progress import silent

calls: list[tuple[str, ...]] = []


def quantized(
    compiled: Path, destination: Path, taken: object, preprocessing: Preprocessing, photographs: Sequence[str]
) -> RoundedNetwork:
    assert compiled.read_bytes() == b"weights"
    assert preprocessing == Preprocessing(32, "center", "bilinear")
    calls.append(tuple(photographs))
    destination.write_bytes(b"bytes of " + str(len(photographs)).encode())
    return RoundedNetwork(0.05, len(photographs) or 18, 2)


def refused(*_: object) -> RoundedNetwork:
    raise ModelError("it is quantised already")


@pytest.fixture(autouse=True)
def _quantizer(monkeypatch: pytest.MonkeyPatch) -> None:
    calls.clear()
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    monkeypatch.setattr("mobilenet_cli.in_tensorflow.quantizer.quantize", quantized)
    monkeypatch.setattr("mobilenet_cli.in_tensorflow.to_bfloat16.round_weights", quantized)
    processor(monkeypatch, "avx2 avx512_vnni")


def processor(monkeypatch: pytest.MonkeyPatch, flags: str) -> None:
    monkeypatch.setattr(precisions, "instructions", lambda: frozenset(flags.split()))


def photographs(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:04}.jpg").write_bytes(b"\xff\xd8")
    return folder


def test_int8_is_made_once_and_kept_beside_the_float32_network():
    before = publish()
    model = acquire("tiny", precision="int8")
    assert (model.name, model.engine, model.precision) == ("tiny@int8", "litert", "int8")
    assert acquire("tiny", precision="int8") == model
    assert calls == [()]
    kept = store.find("tiny")
    assert kept is not None
    assert kept.files["32.tflite"] == before.files["32.tflite"]
    assert (store.folder_of("tiny") / "32-int8.tflite").read_bytes() == b"bytes of 0"
    variant = kept.networks["classification"].compiled["32"].variants["int8"]
    assert (variant.images, variant.folder, variant.photographs, variant.in_float) == (18, "", "", 2)
    assert store.problems("tiny") == leftovers() == []
    (store.folder_of("tiny") / "32-int8.tflite").write_bytes(b"bytes of 9")
    assert store.problems("tiny") == ["32-int8.tflite has changed since it was stored"]
    assert acquire("tiny").name == "tiny"  # float32 as ever


def test_another_folder_of_photographs_makes_it_again(tmp_path: Path):
    publish()
    folder = photographs(tmp_path / "photos", 250)
    acquire("tiny", precision="int8")
    for _ in range(2):
        model = acquire("tiny", precision="int8", precision_photos=folder)
    assert acquire("tiny", precision="int8") == model  # without a folder, what there is
    assert [len(paths) for paths in calls] == [0, 84]
    assert len({Path(path).name[:2] for path in calls[1]}) == 3  # of all parts of the folder
    variant = model.network.compiled["32"].variants["int8"]
    assert (variant.images, variant.folder) == (84, str(folder))
    assert store.problems("tiny") == []
    (folder / "0000.jpg").write_bytes(b"\xff\xd8\xff")
    acquire("tiny", precision="int8", precision_photos=folder)
    assert len(calls) == 3


def test_models_show_prints_each_precision_and_its_photographs(tmp_path: Path):
    publish()
    acquire("tiny", precision="int8")
    page = models_text.page(catalogue.described("tiny"))
    line = "at int8: 32-int8.tflite, within 0.05 of float32's deviation, 2 layers in float32, made on 18 photographs "
    assert f"{line}included with this program" in page
    acquire("tiny", precision="int8", precision_photos=photographs(tmp_path / "mine", 5))
    page = models_text.page(catalogue.described("tiny"))
    assert f"made on 5 photographs of {tmp_path / 'mine'}" in page
    assert "included" not in page


def test_rows_from_before_the_users_own_photographs_are_another_model_s(tmp_path: Path):
    publish()
    assert acquire("tiny", precision="int8").made_at == 0
    model = acquire("tiny", precision="int8", precision_photos=photographs(tmp_path / "photos", 5))
    assert model.made_at == (store.folder_of("tiny") / "32-int8.tflite").stat().st_mtime
    assert acquire("tiny").made_at == 0


def test_too_few_photographs_are_refused_before_anything_is_made(tmp_path: Path):
    publish()
    for folder, message in (
        (photographs(tmp_path / "few", 4), "has 4 photographs; to round a network on, at least 5 are needed"),
        (tmp_path / "none", "is not a folder"),
    ):
        with pytest.raises(InputError, match=message):
            acquire("tiny", precision="int8", precision_photos=folder)
    with pytest.raises(InputError, match="precision_photos goes with bfloat16 and int8, not with float32"):
        acquire("tiny", precision_photos=tmp_path / "few")
    assert calls == []


@pytest.mark.parametrize("precision", ["int8", "bfloat16"])
def test_without_the_instructions_it_is_float32_with_one_line(monkeypatch: pytest.MonkeyPatch, precision):
    publish()
    processor(monkeypatch, "avx2")
    monkeypatch.setattr("mobilenet_cli.engines.find_spec", lambda name: None)  # nothing more has to be installed
    with pytest.warns(ModelWarning) as told:
        model = acquire("tiny", precision=precision)
    (line,) = told
    assert f"tiny runs at float32, since this processor has no instructions for {precision} (" in str(line.message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model == acquire("tiny")
    assert calls == []


@pytest.mark.parametrize("precision", ["int8", "bfloat16"])
def test_without_the_instructions_nothing_is_pulled_ahead(monkeypatch: pytest.MonkeyPatch, precision):
    publish()
    processor(monkeypatch, "avx2")
    with pytest.raises(ModelError, match=f"tiny is not pulled at {precision}: this processor has no instructions"):
        upkeep.pull("tiny", ["classification"], None, silent, precision=precision)
    assert calls == []


def test_the_line_names_the_model_that_auto_stands_for(monkeypatch: pytest.MonkeyPatch):
    with store.lock(registry.MAIN):
        put(registry.MAIN, lambda folder: replace(fill(folder), name=registry.MAIN))
    processor(monkeypatch, "avx2")
    with pytest.warns(ModelWarning, match=f"^{registry.MAIN} runs at float32, since this processor"):
        acquire("auto", precision="int8")


def test_bfloat16_runs_a_file_of_its_own_in_openvino(monkeypatch: pytest.MonkeyPatch):
    publish()
    processor(monkeypatch, "avx512_bf16")
    monkeypatch.setattr("mobilenet_cli.engines.find_spec", lambda name: object())
    model = acquire("tiny", precision="bfloat16")
    assert (model.name, model.engine, model.manifest) == ("tiny@bfloat16", "openvino", store.find("tiny"))
    assert model.network.compiled["32"].variants["bfloat16"].file == "32-bfloat16.tflite"
    monkeypatch.setattr("mobilenet_cli.engines.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"OpenVINO is not installed: .* -m pip install 'mobilenet-cli\[openvino\]'"):
        acquire("tiny", precision="bfloat16")


def test_what_has_no_int8_form_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch):
    publish()
    monkeypatch.setattr("mobilenet_cli.in_tensorflow.quantizer.quantize", refused)
    with pytest.raises(ModelError, match=r"^tiny has no int8 form: it is quantised already$"):
        acquire("tiny", precision="int8")
    assert leftovers() == []


def test_what_does_not_compile_has_none_either():
    def failed(folder: Path) -> Manifest:
        network = replace(manifest().networks["classification"], compiled={"32": Compiled(None, None, "an op is odd")})
        (folder / "saved_model").mkdir()
        return replace(manifest(), networks={"classification": network})

    with store.lock("tiny"):
        put("tiny", failed)
    with pytest.raises(ModelError, match="tiny@int8 does not run in LiteRT: an op is odd; --engine tensorflow runs it"):
        acquire("tiny", precision="int8")
    assert calls == []


def test_earlier_versions_read_what_has_no_variants():
    publish()
    file = store.folder_of("tiny") / "manifest.json"
    assert json.loads(file.read_text())["version"] == 1
    assert "variants" not in file.read_text()
    acquire("tiny", precision="int8")
    assert json.loads(file.read_text())["version"] == 4


def test_a_strangers_variant_stays_in_its_folder():
    publish()
    acquire("tiny", precision="int8")
    folder = store.folder_of("tiny")
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"file": "32-int8.tflite"', '"file": "../../x.tflite"'))
    with pytest.raises(ModelError, match="outside of the folder"):
        Manifest.read(folder)


@pytest.mark.parametrize("front", [Classifier, Embedder])
def test_the_library_knows_three_precisions(front: type, tmp_path: Path):
    with pytest.raises(InputError, match="precision is one of float32, bfloat16, int8, not 'float16'"):
        front("tiny", precision="float16")
    with pytest.raises(InputError, match="goes with bfloat16 and int8, not with float32"):
        front("tiny", precision_photos=os.fspath(tmp_path))
