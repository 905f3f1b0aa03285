"""Models of the user's own: imported under a name, or used by their path."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from in_this_process import InThisProcess
from model_server import save_tiny_model, tar_of
from slim_checkpoints import slim_weights, write

from mobilenet_cli.engines.network_input import UNIT
from mobilenet_cli.engines.savedmodel import SavedModelEngine
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.machine.home import home
from mobilenet_cli.models import store
from mobilenet_cli.models.acquire import acquire
from mobilenet_cli.models.importing import import_model
from mobilenet_cli.models.temperature import keep_temperature

COLOURS = ("red", "green", "blue")
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of a checkpoint of MobileNet V1 0.25 for three classes."""
    folder = tmp_path_factory.mktemp("slim") / "mobilenet_v1_0.25_96"
    return write(folder / "model.ckpt", slim_weights(0.25, 3, seed=21))


@pytest.fixture(scope="module")
def imported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the checkpoint as `mine`, with labels."""
    home = tmp_path_factory.mktemp("imported")
    labels = home / "colours.txt"
    labels.write_text("\n".join(COLOURS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNCLASSIFY_HOME", str(home))
        patch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
        import_model(str(checkpoint.parent), "mine", labels=labels, license="MIT")
    return home


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("saved") / "net")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of one small network for 16 × 16 images and three classes, with a softmax, as others compile them:

    float: for a batch of any size. one: for one image, as TF-Slim's are. uint8, int8: quantised.
    """
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("tiny")
    kernel = tf.constant(np.random.default_rng(5).normal(0, 3, (3, 3)), tf.float32)

    np.save(folder / "kernel.npy", kernel.numpy())

    def call(images: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(tf.reduce_mean(images, axis=[1, 2]) @ kernel)

    def compiled(name: str, batch: int | None, dtype: object = None) -> Path:
        spec = tf.TensorSpec([batch, 16, 16, 3], tf.float32)
        function = tf.function(lambda x: tf.reshape(call(x), [batch or -1, 3])).get_concrete_function(spec)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
        if dtype is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            # From black to white, so that the input's quantisation is that of the pixels.
            calibration = np.concatenate([images(60), np.zeros((1, 16, 16, 3)), np.ones((1, 16, 16, 3))])
            converter.representative_dataset = lambda: ([each[np.newaxis].astype("float32")] for each in calibration)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = dtype
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of statistics that only older converters need
            (folder / name).write_bytes(converter.convert())
        return folder / name

    return {
        "float": compiled("tiny_float.tflite", None),
        "one": compiled("tiny_one.tflite", 1),
        "uint8": compiled("tiny_uint8.tflite", 1, tf.uint8),
        "int8": compiled("tiny_int8.tflite", 1, tf.int8),
        "kernel": folder / "kernel.npy",
    }


def images(count: int, size: int = 16) -> np.ndarray:
    """Return photographs of nothing whose colours differ, in whole bytes."""
    rng = np.random.default_rng(count)
    pixels = rng.integers(0, 256, (count, size, size, 3)) * rng.random((count, 1, 1, 3))
    return (np.rint(pixels) / 255).astype(np.float32)


def expected(tiny: dict[str, Path], batch: np.ndarray) -> np.ndarray:
    logits = batch.mean((1, 2), dtype=np.float64) @ np.load(tiny["kernel"])
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(1, keepdims=True)


def test_a_checkpoint_becomes_both_networks_and_its_name_works_everywhere(imported, monkeypatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(imported))
    model = acquire("mine")
    assert (model.name, model.image_size, model.network.output) == ("mine", 96, "logits")
    assert model.manifest.license == "MIT"
    assert (model.manifest.crop, model.manifest.interpolation) == ("center", "bilinear")
    assert [name.label for name in model.labels()] == list(COLOURS)
    features = acquire("mine", kind="feature_vector", offline=True)
    assert features.network.width == 256
    weights = slim_weights(0.25, 3, seed=21)
    kernel = weights["MobilenetV1/Logits/Conv2d_1c_1x1/weights"][0, 0]
    batch = images(2, 96)
    logits = features.open_engine().session()(batch) @ kernel + weights["MobilenetV1/Logits/Conv2d_1c_1x1/biases"]
    for engine in ("litert", "tensorflow"):
        outputs = acquire("mine", engine=engine).open_engine().session()(batch)
        np.testing.assert_allclose(outputs, logits, atol=1e-3 * abs(logits).max())
    assert store.problems("mine") == []


def test_a_checkpoint_is_its_folder_its_prefix_a_file_of_it_or_an_archive(checkpoint, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(
        "mobilenet_cli.in_tensorflow.networks.slim_checkpoint.convert",
        lambda path, folder, kind: calls.append((Path(path), kind)) or _fail(),
    )
    archive = tmp_path / "mobilenet_v1_0.25_96.tgz"
    archive.write_bytes(tar_of(checkpoint.parent))
    data = f"{checkpoint}.data-00000-of-00001"
    for path in (checkpoint.parent, checkpoint, f"{checkpoint}.index", data, archive):
        with pytest.raises(ModelError, match="enough seen"):
            import_model(str(path), "other")
        with pytest.raises(ModelError, match="enough seen"):
            acquire(str(path), kind="feature_vector")
    names = ["mobilenet_v1_0.25_96", "model.ckpt", "model.ckpt", "model.ckpt", "model.ckpt.index"]
    assert [path.name for path, _ in calls[::2]] == [path.name for path, _ in calls[1::2]] == names
    assert {kind for _, kind in calls[1::2]} == {"feature_vector"}
    assert store.names() == []
    assert not list((home() / "staging").rglob("*"))


def _fail() -> None:
    raise ModelError("enough seen")


def test_a_mobilenet_v1_of_imagenet_gets_the_temperature_of_its_family(checkpoint, saved_model, tiny, tmp_path):
    family = write(tmp_path / "mobilenet_v1_0.25_96" / "model.ckpt", slim_weights(0.25, 1001, seed=3)).parent
    archive = tmp_path / "family_96.tgz"
    archive.write_bytes(tar_of(family))
    own = [import_model(str(saved_model), "unknown"), import_model(str(checkpoint), "colours")]
    own.append(import_model(str(tiny["float"]), "tiny", network_input=UNIT))
    assert [manifest.temperature for manifest in own] == [1.0] * 3  # unknown, or for classes that it was not fitted on
    assert [import_model(str(path), "net", overwrite=True).temperature for path in (family, archive)] == [1.5, 1.5]
    assert acquire("net").temperature == acquire(str(family)).temperature == 1.5

    keep_temperature(acquire("net"), 1.2, 80, "2026-11-25")
    assert acquire("net", image_size=128).temperature == 1.2  # compiled for another size, it stays calibrated
    assert import_model(str(family), "net", overwrite=True).temperature == 1.5


def test_a_savedmodel_is_copied_and_the_original_not_needed(saved_model, tmp_path):
    original = shutil.copytree(saved_model, tmp_path / "net_96")
    manifest = import_model(str(original), "copy")
    shutil.rmtree(original)
    assert manifest.image_size == 96
    batch = images(2, manifest.image_size)
    outputs = acquire("copy", engine="tensorflow").open_engine().session()(batch)
    np.testing.assert_allclose(outputs, SavedModelEngine(saved_model, manifest.image_size).session()(batch), atol=1e-4)
    assert [name.label for name in acquire("copy").labels()] == ["class 0", "class 1", "class 2"]
    with pytest.raises(ModelError, match="copy has no feature_vector network, only classification"):
        acquire("copy", kind="feature_vector")


def test_an_archive_is_used_by_its_path_or_imported(saved_model, tmp_path):
    archive = tmp_path / "net_96.tar.gz"
    archive.write_bytes(tar_of(saved_model))
    model = acquire(str(archive))
    assert (model.name, model.image_size) == (str(archive), 96)
    archive.write_bytes(tar_of(members={"../evil": b"x"}))
    with pytest.raises(ModelError, match="outside of its folder"):
        import_model(str(archive), "net")
    archive.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not a tar archive"):
        import_model(str(archive), "net")
    assert "net" not in store.names()


@pytest.mark.parametrize(("kind", "tolerance"), [("float", 1e-4), ("one", 1e-4), ("uint8", 0.02), ("int8", 0.02)])
def test_a_tflite_runs_as_it_is(tiny, tmp_path, kind, tolerance):
    file = shutil.copy(tiny[kind], tmp_path / "net.tflite")
    by_path = acquire(str(file), network_input=UNIT)
    assert by_path.network.compiled["16"].file == str(file)
    import_model(str(file), "net", network_input=UNIT)
    file.unlink()
    model = acquire("net")
    assert (model.image_size, model.network.output, model.network.width) == (16, "probabilities", 3)
    session = model.open_engine().session()
    for count in (1, 4, 3):
        np.testing.assert_allclose(session(images(count)), expected(tiny, images(count)), atol=tolerance)
    with pytest.raises(ModelError, match="without a SavedModel, so TensorFlow cannot run it"):
        acquire("net", engine="tensorflow")
    with pytest.raises(ModelError, match="compiled for 16 pixels and has no SavedModel"):
        acquire("net", image_size=32)


def test_what_is_said_goes_before_what_is_found(tiny):
    manifest = import_model(str(tiny["float"]), "said", output="logits", image_size=16, network_input=UNIT)
    assert manifest.networks["classification"].output == "logits"
    with pytest.raises(ModelError, match="compiled for images of 16 pixels, so it cannot be used at 64"):
        import_model(str(tiny["float"]), "other", image_size=64)


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100])
def test_a_damaged_tflite_is_refused(tmp_path, content):
    (tmp_path / "bad.tflite").write_bytes(content)
    with pytest.raises(ModelError, match="LiteRT cannot run"):
        import_model(str(tmp_path / "bad.tflite"), "bad")
    assert store.names() == []


def test_labels_that_are_not_as_many_as_the_classes_are_refused(tiny, tmp_path):
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    with pytest.raises(ModelError, match="has 2 labels, but the model has 3 classes"):
        import_model(str(tiny["float"]), "net", labels=tmp_path / "labels.txt", network_input=UNIT)
    assert store.names() == []
    assert not list((home() / "staging").rglob("*"))


@pytest.mark.parametrize("name", ["", "a/b", "..", ".x", "-x", "a b", "x" * 65])
def test_a_name_is_a_plain_word(tiny, name):
    with pytest.raises(InputError, match="cannot be a model's name"):
        import_model(str(tiny["float"]), name)


@pytest.mark.parametrize("name", ["auto", "mobilenet_v1_100_128", "efficientnet_lite0", "hub-x", "local-x"])
def test_a_name_that_means_something_is_not_taken_over(tiny, name):
    with pytest.raises(InputError, match="names something already"):
        import_model(str(tiny["float"]), name)


def test_a_name_is_used_twice_only_if_asked(tiny):
    import_model(str(tiny["float"]), "net", network_input=UNIT)
    with pytest.raises(InputError, match="--overwrite"):
        import_model(str(tiny["one"]), "net")
    manifest = import_model(str(tiny["one"]), "net", overwrite=True, network_input=UNIT)
    assert manifest.networks["classification"].source == str(tiny["one"])


def test_what_is_no_model_is_told_so(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        import_model(str(tmp_path / "nothing"), "net")
    (tmp_path / "net.txt").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"is no model: that is a SavedModel folder"):
        import_model(str(tmp_path / "net.txt"), "net")
    for name, advice in (("net.onnx", "convert it with `onnx2tf"), ("net.pth", "litert_torch.convert")):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(ModelError, match=advice):
            import_model(str(tmp_path / name), "net")
    with pytest.raises(ModelError, match=r"net\.onnx is an ONNX file"):  # the folder that holds it
        import_model(str(tmp_path), "net")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"holds no SavedModel .*no checkpoint"):
        import_model(str(tmp_path / "empty"), "net")
