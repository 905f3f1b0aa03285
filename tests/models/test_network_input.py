"""What a model takes and puts out: from options, from the file, or by trying; never silently wrong."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from in_this_process import InThisProcess
from PIL import Image

from mobilenet_cli import Classifier, ModelWarning
from mobilenet_cli.engines.network_input import BYTES, SIGNED, TORCH, UNIT, Input
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.models import store
from mobilenet_cli.models.importing import import_model

SIZE = 32
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)


def brightness(images, spread: float = 4.0):
    """Return a number an image, −3 × spread for black and 3 × spread for white, for images from −1 to 1."""
    import tensorflow as tf

    kernel = tf.constant(np.eye(3, dtype=np.float32)[None, None])
    return tf.reduce_sum(tf.reduce_mean(tf.nn.conv2d(images, kernel, 1, "SAME"), axis=[1, 2]), 1, True) * spread


def two(images):
    """Return the softmax of a network that tells dark images from light ones."""
    import tensorflow as tf

    return tf.nn.softmax(tf.concat([-brightness(images) / 2, brightness(images) / 2], 1))


def at_least_0(images):
    """Return the images: a step that says nothing of their range."""
    import tensorflow as tf

    return tf.nn.relu(images)


def compiled(file: Path, function: Callable, *, quantised: tuple[float, float] | None = None) -> Path:
    import tensorflow as tf

    spec = tf.TensorSpec([1, SIZE, SIZE, 3], tf.float32)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([tf.function(function).get_concrete_function(spec)])
    if quantised is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        shades = np.linspace(*quantised, 40, dtype=np.float32)
        converter.representative_dataset = lambda: ([np.full((1, SIZE, SIZE, 3), each)] for each in shades)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.write_bytes(converter.convert())
    return file


def saved(folder: Path, function: Callable, shape: list[int | None], dtype: object, output: str = "scores") -> Path:
    import tensorflow as tf

    module = tf.Module()
    spec = tf.TensorSpec(shape, dtype, name="pixels")
    module.serve = tf.function(lambda pixels: {output: function(pixels)}, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
    return folder


def grey(level: int) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (40, 40), (level,) * 3).save(encoded, "PNG")
    return encoded.getvalue()


def light(model: Path | str, level: int, **options: object) -> float:
    """Return the score of the second of two classes for an image of one shade."""
    (result,) = Classifier(model, **options).classify([grey(level)], top_k=2)
    return next(each.score for each in result.predictions if each.index == 1)


def expected(level: int) -> float:
    return float(1 / (1 + np.exp(-12 * (level / 127.5 - 1))))


@pytest.mark.parametrize(
    ("known", "function"),
    [
        (SIGNED, two),
        (BYTES, lambda images: two(images / 255 * 2 - 1)),
        (UNIT, lambda images: two(images * 2 - 1)),
        (TORCH, lambda images: two((images * TORCH.std + TORCH.mean) * 2 - 1)),
        (Input.of_range(0, 255, "bgr"), lambda images: two(images / 255 * 2 - 1)),
    ],
)
def test_an_input_that_is_given_is_what_the_network_gets(tmp_path, known, function):
    file = compiled(tmp_path / "m.tflite", function)
    for level in (100, 160):
        assert light(file, level, network_input=known) == pytest.approx(expected(level), abs=1e-4)
    folder = saved(tmp_path / "saved", function, [None, SIZE, SIZE, 3], "float32")
    for engine in ("litert", "tensorflow"):
        assert light(folder, 100, network_input=known, engine=engine) == pytest.approx(expected(100), abs=1e-4)


@pytest.mark.parametrize("known", [SIGNED, BYTES], ids=str)
def test_an_input_that_nothing_says_is_found_by_trying_with_a_warning(tmp_path, known):
    function = two if known is SIGNED else lambda images: two(at_least_0(images) / 127.5 - 1)
    file = compiled(tmp_path / "m.tflite", function)
    with pytest.warns(ModelWarning, match=f"does best with {known}.*--input-range"):
        assert light(file, 160) == pytest.approx(expected(160), abs=1e-4)
    with pytest.warns(ModelWarning, match=f"does best with {known}"):  # the next run too
        Classifier(file)


def test_an_input_that_trying_does_not_show_is_refused_with_the_options_to_give(tmp_path):
    constant = np.array([[0.2, 0.8]], np.float32)
    file = compiled(tmp_path / "m.tflite", lambda images: two(images) * 0 + constant)
    with pytest.raises(ModelError, match=r"give --input-range MIN:MAX, or --mean and --std"):
        Classifier(file)
    Classifier(file, network_input=UNIT)


def test_a_rescaling_or_the_quantisation_says_the_input(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = saved(tmp_path / "saved", lambda x: two(x * (1 / 127.5) - 1), [None, SIZE, SIZE, 3], "float32")
        assert light(folder, 160) == pytest.approx(expected(160), abs=1e-4)
        for low, high in ((-1, 1), (0, 255)):
            scale = 2 / (high - low)

            def function(images, scale=scale, low=low):
                return two((images - low) * scale - 1)

            file = compiled(tmp_path / f"{high}.tflite", function, quantised=(low, high))
            assert light(file, 160) == pytest.approx(expected(160), abs=0.03)


def test_the_arithmetic_of_keras_caffe_mode_says_bytes(tmp_path):
    import tensorflow as tf

    def function(images):  # as vgg16.preprocess_input makes it in a model: BGR, less ImageNet's mean
        mean = np.array([103.939, 116.779, 123.68], np.float32)
        taken = tf.stack([images[..., 2], images[..., 1], images[..., 0]], axis=-1) + -mean
        return two((taken + mean) / 127.5 - 1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = saved(tmp_path / "saved", function, [None, SIZE, SIZE, 3], "float32")
        assert light(folder, 160) == pytest.approx(expected(160), abs=1e-4)


def test_an_input_is_part_of_an_imported_model(tmp_path):
    file = compiled(tmp_path / "m.tflite", two)
    import_model(str(file), "mine", network_input=SIGNED)
    assert store.find("mine").networks["classification"].input == SIGNED
    assert light("mine", 160) == pytest.approx(expected(160), abs=1e-4)
    with pytest.raises(InputError, match="what mine takes is known"):
        Classifier("mine", network_input=UNIT)


@pytest.mark.parametrize("last", ["Sigmoid", "none"])
def test_a_single_output_is_a_network_of_two_classes(tmp_path, last):
    import tensorflow as tf

    def function(images):
        return tf.sigmoid(brightness(images)) if last == "Sigmoid" else brightness(images)

    file = compiled(tmp_path / "m.tflite", function)
    (tmp_path / "labels.txt").write_text("dark\nlight\n")
    classifier = Classifier(file, labels=tmp_path / "labels.txt", network_input=SIGNED)
    (result,) = classifier.classify([grey(160)])
    assert [each.label for each in result.predictions] == ["light", "dark"]
    assert [each.score for each in result.predictions] == pytest.approx([expected(160), 1 - expected(160)], abs=1e-4)


def test_several_sigmoids_are_labels_each_for_itself(tmp_path):
    import tensorflow as tf

    file = compiled(tmp_path / "m.tflite", lambda x: tf.sigmoid(tf.concat([-brightness(x), brightness(x)] * 2, 1)))
    classifier = Classifier(file, network_input=SIGNED)
    assert classifier.model.network.output == "multilabel"
    (result,) = classifier.classify([grey(200)])
    assert [each.index for each in result.predictions] == [1, 3]
    assert result.predictions[0].score == pytest.approx(expected(200), abs=1e-4)


def test_quantised_probabilities_get_no_softmax(tmp_path):
    import tensorflow as tf

    def forty(images):
        rest = tf.zeros([1, 38])
        return tf.nn.softmax(tf.concat([-brightness(images), brightness(images), rest], 1))

    file = compiled(tmp_path / "m.tflite", forty, quantised=(-1, 1))
    (result,) = Classifier(file).classify([grey(250)])
    assert result.predictions[0].score == pytest.approx(0.996, abs=1e-3)


def test_savedmodels_of_other_arrays_work(tmp_path):
    import tensorflow as tf

    of_bytes = saved(
        tmp_path / "bytes", lambda x: two(tf.cast(x, tf.float32) / 127.5 - 1), [None, SIZE, SIZE, 3], "uint8"
    )
    planar = saved(tmp_path / "planar", lambda x: two(tf.transpose(x, [0, 2, 3, 1])), [None, 3, SIZE, SIZE], "float32")
    for engine in ("litert", "tensorflow"):
        assert light(of_bytes, 160, engine=engine) == pytest.approx(expected(160), abs=1e-4)
        assert light(planar, 160, engine=engine, network_input=SIGNED) == pytest.approx(expected(160), abs=1e-4)


def test_a_savedmodel_of_encoded_images_is_refused_with_its_own_input(tmp_path):
    import tensorflow as tf

    def decoded(pixels):
        return two(tf.map_fn(lambda x: tf.io.decode_png(x, 3), pixels, tf.uint8) / 255)

    folder = saved(tmp_path / "encoded", decoded, [None], tf.string)
    with pytest.raises(ModelError, match=r"its input 'pixels' is string \[N\]: encoded images, not pixels$"):
        Classifier(folder)


@pytest.mark.parametrize("shows", [True, False], ids=["trying shows it", "trying shows nothing"])
def test_a_signature_named_as_tf_hubs_is_no_proof(tmp_path, shows):
    import tensorflow as tf

    def function(images):
        bytes_ = two(at_least_0(images) / 127.5 - 1)
        return bytes_ if shows else bytes_ * 0 + np.array([[0.2, 0.8]], np.float32)

    module = tf.Module()
    spec = tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32, name="inputs")
    module.serve = tf.function(lambda inputs: {"logits": function(inputs)}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.serve})
    reason = "on photographs it does best with 0 to 255" if shows else "called as those of TF Hub's .* take 0 to 1"
    with pytest.warns(ModelWarning, match=reason):
        score = light(tmp_path / "m", 160)
    assert score == pytest.approx(expected(160) if shows else 0.8, abs=1e-4)


def test_outputs_of_one_by_one_pixel_are_classes(tmp_path):
    import tensorflow as tf

    def function(images):
        return tf.reshape(two(images), [-1, 1, 1, 2])

    file = compiled(tmp_path / "m.tflite", function)
    folder = saved(tmp_path / "saved", function, [None, SIZE, SIZE, 3], "float32")
    for model in (file, folder):
        assert light(model, 160, network_input=SIGNED) == pytest.approx(expected(160), abs=1e-4)


@pytest.mark.parametrize(
    ("last", "reason"),
    [("softmax", "the softmax of one class, which is 1 for every image"), ("tanh", "a tanh, from −1 to 1, .*--output")],
)
def test_outputs_that_are_no_scores_are_refused(tmp_path, last, reason):
    import tensorflow as tf

    file = compiled(tmp_path / "m.tflite", lambda images: getattr(tf.nn, last)(brightness(images)))
    with pytest.raises(ModelError, match=reason):
        Classifier(file, network_input=SIGNED)


def test_a_savedmodel_of_several_outputs_is_refused_with_their_names(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    spec = tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32, name="pixels")
    module.serve = tf.function(lambda pixels: {"boxes": two(pixels), "kinds": two(pixels)}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.serve})
    with pytest.raises(ModelError, match="its outputs are boxes, kinds, of which none is known to be the logits"):
        Classifier(tmp_path / "m")


@pytest.mark.parametrize(("name", "is_said"), [("of_any_size", True), ("of_any_size_160", False)])
def test_a_size_that_nothing_says_is_said_in_each_run_until_it_is_given(tmp_path, name, is_said):
    folder = saved(tmp_path / name, lambda pixels: two(pixels * 2 - 1), [None, None, None, 3], np.float32)
    for options, warns in (({}, is_said), ({}, is_said), ({"image_size": 64}, False)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            classifier = Classifier(str(folder), network_input=UNIT, **options)
        told = [str(each.message) for each in caught if "--image-size" in str(each.message)]
        assert bool(told) == warns
        assert classifier.model.image_size == options.get("image_size", 128 if is_said else 160)
        assert not told or f"{name} takes images of any size" in told[0]
