"""Small models that say little of themselves: each gives its own labels for a dark and for a light picture."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from conftest import SHARED
from in_this_process import InThisProcess

from mobilenet_cli import Classifier, ModelWarning
from mobilenet_cli.tensorflow_files.tflite_metadata import Metadata, read_metadata

CASES = SHARED / "cases" / "models"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="needs ../shared/cases, which are no part of the project")


@pytest.mark.slow
@pytest.mark.parametrize("labels", ["labels.txt", "labels_teachable_machine.txt"])
@pytest.mark.parametrize(
    "name",
    [
        "binary_sigmoid.tflite",
        "range_0_255.tflite",
        "range_pm1.tflite",
        "range_pm1_savedmodel",
        "nchw_savedmodel",
        "uint8_input_savedmodel",
        "keras_model.h5",
    ],
)
def test_a_dark_and_a_light_picture_get_their_labels(name, labels, monkeypatch):
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        classifier = Classifier(CASES / name, labels=CASES / labels)
    for result, label in zip(classifier.classify(_pictures()), ("dark", "light"), strict=True):
        assert (result.predictions[0].label, result.predictions[1].score) == (label, pytest.approx(1e-4, abs=1e-4))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["range_0_255_with_metadata.tflite", "range_pm1_with_metadata.tflite"])
def test_metadata_says_the_input_and_the_labels(name, monkeypatch):
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = list(Classifier(CASES / name).classify(_pictures()))
    assert [result.predictions[0].label for result in results] == ["dark", "light"]


@pytest.mark.slow
def test_quantised_probabilities_of_many_classes_stay_what_they_are(monkeypatch):
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    results = Classifier(CASES / "int8_inside_float_io_40_classes.tflite").classify(_pictures())
    found = [(result.predictions[0].index, result.predictions[0].score) for result in results]
    assert found == [(0, pytest.approx(0.99609, abs=1e-4)), (1, pytest.approx(0.99609, abs=1e-4))]


def test_metadata_is_read_without_tflite_support():
    assert read_metadata(CASES / "range_pm1.tflite") == Metadata()
    labels = b"dark\nlight\n"
    assert read_metadata(CASES / "range_pm1_with_metadata.tflite") == Metadata((127.5,), (127.5,), labels)
    assert read_metadata(CASES / "range_0_255_with_metadata.tflite") == Metadata((0.0,), (1.0,), labels)


def test_metadata_without_its_label_file_is_damaged(tmp_path: Path):
    whole = (CASES / "range_pm1_with_metadata.tflite").read_bytes()
    (tmp_path / "cut.tflite").write_bytes(whole[: whole.rindex(b"PK\x01\x02")])
    with pytest.raises(ValueError, match="its metadata is damaged"):
        read_metadata(tmp_path / "cut.tflite")


def _pictures() -> list[str]:
    return [str(CASES / f"{shade}.png") for shade in ("dark", "light")]
