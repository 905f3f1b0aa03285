"""Training a whole network: one of three layers, on squares of three colours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras
from PIL import Image
from unmeasured import unmeasured

from mobilenet_cli.errors import ModelError, OutputError
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.in_tensorflow import hub_module
from mobilenet_cli.in_tensorflow.compiler import compile_model
from mobilenet_cli.in_tensorflow.networks.layers import ConvNorm, ImageNetwork, LogitsLayer
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.records import Source
from mobilenet_cli.training.temperature import validated_temperature
from mobilenet_cli.training.whole.make import fine_tune
from mobilenet_cli.training.whole.options import Augmentation, FineTuning, History

SIZE = 32
PREPROCESSING = Preprocessing(SIZE)
COLOURS = ((220, 40, 40), (40, 220, 40), (40, 40, 220))
FIRST_KERNEL = "stem/weights:0"
FIRST_MEAN = "stem/BatchNorm/moving_mean:0"
FIRST_VARIANCE = "stem/BatchNorm/moving_variance:0"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int | None, int | None]]:
    return []


@pytest.fixture(scope="module")
def noted() -> list[str]:
    return []


@pytest.fixture(scope="module")
def process(told: list[tuple[str, int | None, int | None]], noted: list[str]) -> Iterator[TensorFlowProcess]:
    with TensorFlowProcess(lambda *report: told.append(report), noted.append) as running:
        yield running


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "feature_vector"
    rng = np.random.default_rng(3)
    layers = [
        ConvNorm("stem", 3, 3, 16, rng, stride=2),
        ConvNorm("depthwise", 3, 16, None, rng, stride=2),
        ConvNorm("pointwise", 1, 16, 24, rng),
    ]
    classifier = LogitsLayer("classifier", 24, 10, rng)
    network = ImageNetwork(layers, classifier, scale=2, offset=-1, weight_decay=4e-5, decay_depthwise=False)
    hub_module.save(network, folder, "feature_vector")
    return folder


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """Eight noisy squares of each colour."""
    folder = tmp_path_factory.mktemp("squares")
    rng = np.random.default_rng(0)
    examples = []
    for number in range(8):
        for index, colour in enumerate(COLOURS):
            pixels = np.clip(rng.normal(colour, 30, (48, 48, 3)), 0, 255).astype(np.uint8)
            file = folder / f"{index}-{number}.png"
            Image.fromarray(pixels).save(file)
            examples.append((str(file), index))
    return examples


@pytest.fixture(scope="module")
def trained(features: Path, squares: list, process: TensorFlowProcess, tmp_path_factory) -> tuple[Path, History]:
    folder = tmp_path_factory.mktemp("trained")
    options = FineTuning(epochs=4, batch_size=6, learning_rate=0.05, batch_norm_momentum=0.5)
    return folder, tune(features, folder, process, squares[:18], squares[18:], options)


def tune(
    base: Path, folder: Path, process: TensorFlowProcess, train: list, validation: list, options: FineTuning, **more
) -> History:
    more = {"classes": 3, "preprocessing": PREPROCESSING} | more
    return fine_tune(base, folder, process, train=train, validation=validation, options=options, **more)


def batch(examples: list[tuple[str, int]]) -> np.ndarray:
    pixels = np.empty((len(examples), SIZE, SIZE, 3), np.uint8)
    for (path, _), out in zip(examples, pixels, strict=True):
        load_image(Source(path), PREPROCESSING, out)
    return pixels.astype(np.float32) / 255


def variables(folder: Path) -> dict[str, np.ndarray]:
    return {variable.name: variable.numpy() for variable in hub.load(str(folder)).variables}


def test_the_temperature_is_fitted_to_what_the_saved_network_says_of_the_validation_images(
    trained: tuple[Path, History], features: Path, squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    def of_saved(folder: Path, examples: list) -> float:
        model = tf_keras.Sequential([hub.KerasLayer(str(folder / "saved_model"))])
        return validated_temperature(model(batch(examples)).numpy(), [index for _, index in examples])

    folder, history = trained
    assert history.temperature == pytest.approx(of_saved(folder, squares[18:]), abs=0.01)
    wrong = [(path, (index + 1) % 3) for path, index in squares[:18]]  # so that it is far from 1
    options = FineTuning(epochs=2, batch_size=6, learning_rate=0.05, batch_norm_momentum=0.5)
    other = tune(features, tmp_path / "other", process, squares[:18], wrong, options)
    assert other.temperature == pytest.approx(of_saved(tmp_path / "other", wrong), abs=0.01)
    assert other.temperature > 1.02
    unvalidated = tune(features, tmp_path / "none", process, squares[:18], [], options)
    assert unvalidated.temperature == 1.0


def test_it_learns_the_classes(trained: tuple[Path, History], squares: list) -> None:
    folder, history = trained
    assert len(history.epochs) == 4
    assert history.epochs[-1].loss < history.epochs[0].loss
    lowest = min(history.epochs, key=lambda epoch: epoch.validation_loss)
    best = history.epochs[history.best_epoch - 1]
    assert best == lowest
    assert not history.interrupted
    model = tf_keras.Sequential([hub.KerasLayer(str(folder / "saved_model"))])
    logits = model(batch(squares[18:])).numpy()
    right = logits.argmax(1) == [index for _, index in squares[18:]]
    assert right.mean() == pytest.approx(best.validation_accuracy)
    assert right.all()


def test_what_is_under_way_is_told(trained: tuple[Path, History], told: list, noted: list[str]) -> None:
    assert ("reading images", 24, 24) in told
    training = [report[1:] for report in told if report[0] == "training"][: 4 * 4]
    an_epoch = [6, 12, 18, 24]
    assert training == [(epoch * 24 + done, 96) for epoch in range(4) for done in an_epoch]
    assert [line.partition(":")[0] for line in noted[:4]] == [f"epoch {number} of 4" for number in (1, 2, 3, 4)]
    line = noted[3]
    assert f"validation loss {trained[1].epochs[3].validation_loss:.4f}, accuracy 100.0%" in line


def test_both_networks_have_the_hubs_interface(trained: tuple[Path, History], squares: list) -> None:
    folder, _ = trained
    images = tf.constant(batch(squares[:2]))
    classification, vectors = hub.load(str(folder / "saved_model")), hub.load(str(folder / "feature_vector"))
    kernel, bias = (variable.numpy() for variable in classification.trainable_variables[-2:])
    np.testing.assert_allclose(vectors(images).numpy() @ kernel + bias, classification(images), atol=1e-4)
    assert list(classification.signatures["serving_default"](images)) == ["logits"]
    assert list(vectors.signatures["serving_default"](images)) == ["feature_vector"]
    for name, trainable in (("saved_model", 3 * 3 + 2), ("feature_vector", 3 * 3)):
        layer = hub.KerasLayer(str(folder / name), trainable=True, arguments={"batch_norm_momentum": 0.5})
        assert len(layer.trainable_weights) == trainable
        assert len(layer.non_trainable_weights) == 3 * 2
        assert len(layer.losses) == 1
        before = layer.non_trainable_weights[0].numpy()
        layer(images, training=True)
        assert not np.array_equal(layer.non_trainable_weights[0], before)


def test_the_compiled_network_agrees_and_is_as_lean(
    trained: tuple[Path, History], squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    folder, _ = trained
    made = process.call(compile_model, folder / "saved_model", tmp_path, ".tflite", SIZE, SIZE)
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(tmp_path / made.file), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    image = batch(squares[:1])
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    compiled = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(compiled, hub.load(str(folder / "saved_model"))(image), atol=1e-3)
    operations = [operation["op_name"] for operation in interpreter._get_ops_details()]
    convolutions = ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D"]
    assert operations == ["MUL", "ADD", *convolutions, "MEAN", "FULLY_CONNECTED"]


def test_one_step_moves_the_averages_by_the_momentum(
    features: Path, squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    options = FineTuning(epochs=1, learning_rate=0, batch_norm_momentum=0.75)
    tune(features, tmp_path, process, squares[:7], [], options)  # a batch of 7 where 32 are allowed: one step
    before, after = variables(features), variables(tmp_path / "feature_vector")
    np.testing.assert_array_equal(after[FIRST_KERNEL], before[FIRST_KERNEL])
    # The first convolution, in NumPy: stride 2; of the padding that SAME adds for even sizes, all is behind.
    images = np.pad(batch(squares[:7]).astype(np.float64) * 2 - 1, [(0, 0), (0, 1), (0, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))[:, ::2, ::2]
    activations = np.einsum("nhwcij,ijco->nhwo", windows, before[FIRST_KERNEL])
    for name, statistic in (
        (FIRST_MEAN, activations.mean((0, 1, 2))),
        (FIRST_VARIANCE, activations.var((0, 1, 2), ddof=1)),
    ):
        expected = before[name] * 0.75 + statistic * 0.25
        np.testing.assert_allclose(after[name], expected, rtol=1e-4, atol=1e-6)
        assert np.abs(after[name] - before[name]).max() > 1e-3


def test_the_same_seed_gives_the_same_weights(
    features: Path, squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    options = FineTuning(epochs=1, batch_size=4, augmentation=Augmentation())
    made = []
    for run in range(2):
        tune(features, tmp_path / str(run), process, squares[:12], [], options, seed=5)
        made.append(variables(tmp_path / str(run) / "saved_model"))
    for name, value in made[0].items():
        np.testing.assert_array_equal(made[1][name], value)


def test_it_stops_early(features: Path, squares: list, process: TensorFlowProcess, tmp_path: Path) -> None:
    options = FineTuning(learning_rate=0, batch_norm_momentum=1.0, epochs=9, patience=2)  # nothing changes
    history = tune(features, tmp_path, process, squares[:3], squares[3:5], options)
    assert len({epoch.validation_loss for epoch in history.epochs}) == 1
    assert (len(history.epochs), history.best_epoch) == (3, 1)


def test_an_image_that_went_since_it_was_checked_is_told(
    features: Path, squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"missing\.png can no longer be read"):
        tune(features, tmp_path, process, [*squares[:3], (str(tmp_path / "missing.png"), 0)], [], FineTuning())


def save_foreign(folder: Path, **attributes: object) -> None:
    """A hub module of another maker's: one image size, no batch norm, no regularisation."""
    module = tf.train.Checkpoint(kernel=tf.Variable(tf.random.stateless_normal([3, 4], [1, 2])))
    spec = tf.TensorSpec([None, SIZE, SIZE, 3], tf.float32)

    @tf.function(input_signature=[spec])
    def call(images: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(images, [1, 2]) @ module.kernel

    module.__call__ = call
    for name, value in attributes.items():
        setattr(module, name, [module.kernel] if value else [])
    tf.saved_model.save(module, str(folder))


def test_a_foreign_module_can_be_fine_tuned(squares: list, process: TensorFlowProcess, tmp_path: Path) -> None:
    base = tmp_path / "foreign"
    save_foreign(base, variables=True, trainable_variables=True)
    tune(base, tmp_path, process, squares, [], FineTuning(epochs=1))
    assert hub.load(str(tmp_path / "saved_model"))(batch(squares[:2])).shape == (2, 3)
    layer = hub.KerasLayer(str(tmp_path / "feature_vector"), trainable=True)
    assert not np.array_equal(layer.trainable_weights[0], hub.load(str(base)).kernel)
    with pytest.raises(ModelError, match="leave --batch-norm-momentum out"):
        tune(base, tmp_path, process, squares, [], FineTuning(batch_norm_momentum=0.9))
    with pytest.raises(ModelError, match="does not take images of 48 pixels"):
        tune(base, tmp_path, process, squares, [], FineTuning(), preprocessing=Preprocessing(48))


def test_a_module_that_cannot_be_trained_is_refused(squares: list, process: TensorFlowProcess, tmp_path: Path) -> None:
    save_foreign(tmp_path, variables=True, trainable_variables=False)
    with pytest.raises(ModelError, match="no trainable variables"):
        tune(tmp_path, tmp_path, process, squares, [], FineTuning())


def test_a_learning_rate_that_blows_up_is_told(
    features: Path, squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="lower --learning-rate"):
        tune(features, tmp_path, process, squares, [], FineTuning(learning_rate=1e30, batch_size=4))
    assert list(tmp_path.iterdir()) == []


def test_a_loss_that_blows_up_later_ends_the_training_with_the_best_and_a_note(
    features: Path, squares: list, process: TensorFlowProcess, noted: list[str], tmp_path: Path
) -> None:
    history = tune(features, tmp_path, process, squares, [], FineTuning(learning_rate=1e30))  # one step an epoch
    assert history.best_epoch == 1
    assert len(history.epochs) < 5
    assert noted[-1] == "the loss is no longer finite; a lower --learning-rate may help"


def test_summaries_that_cannot_be_written_are_an_error_of_the_output(
    features: Path, squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the summaries"):
        tune(features, tmp_path, process, squares, [], FineTuning(), summaries=str(tmp_path / "file"))


def test_what_was_fine_tuned_can_be_fine_tuned_again_mirrored_and_watched_with_tensorboard(
    trained: tuple[Path, History], squares: list, process: TensorFlowProcess, tmp_path: Path
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    base, logs = trained[0] / "feature_vector", tmp_path / "logs"
    options = FineTuning(epochs=2, batch_norm_momentum=0.9, distribution_strategy="mirrored")
    history = tune(base, tmp_path, process, squares[:6], squares[6:9], options, classes=5, summaries=str(logs))
    before, after = variables(base), variables(tmp_path / "saved_model")
    for name in (FIRST_KERNEL, FIRST_MEAN):
        assert not np.array_equal(after[name], before[name])
    assert hub.load(str(tmp_path / "saved_model"))(batch(squares[:2])).shape == (2, 5)
    for part, field in (("training", "loss"), ("validation", "validation_loss")):
        events = EventAccumulator(str(logs / part))
        events.Reload()
        logged = [event.value for event in events.Scalars("loss")]
        assert logged == pytest.approx([getattr(epoch, field) for epoch in history.epochs])


def test_ctrl_c_keeps_the_best_model_so_far(features: Path, squares: list, tmp_path: Path) -> None:
    script = (
        "import json, sys\n"
        "from dataclasses import asdict\n"
        "from pathlib import Path\n"
        "from mobilenet_cli.in_tensorflow.process import TensorFlowProcess\n"
        "from mobilenet_cli.images.preprocess import Preprocessing\n"
        "from mobilenet_cli.training.whole.make import fine_tune\n"
        "from mobilenet_cli.training.whole.options import FineTuning\n"
        "base, folder, examples = sys.argv[1:]\n"
        "with TensorFlowProcess(lambda *_: None, lambda text: print(text, flush=True)) as process:\n"
        "    history = fine_tune(Path(base), Path(folder), process, train=json.loads(examples), validation=[],\n"
        f"        classes=3, preprocessing=Preprocessing({SIZE}), options=FineTuning(epochs=100000, batch_size=4))\n"
        "print(json.dumps(asdict(history)))\n"
    )
    command = [sys.executable, "-c", script, str(features), str(tmp_path), json.dumps(squares[:12])]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=unmeasured())
    try:
        for line in running.stdout:
            if line.startswith("epoch 3 "):
                break
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        last = running.communicate(timeout=60)[0].splitlines()[-1]
    finally:
        running.kill()
    history = json.loads(last)
    assert running.returncode == 0
    assert history["interrupted"]
    assert 3 <= len(history["epochs"]) < 100000
    losses = [epoch["loss"] for epoch in history["epochs"]]
    assert history["best_epoch"] == 1 + losses.index(min(losses))
    assert hub.load(str(tmp_path / "saved_model"))(batch(squares[:2])).shape == (2, 3)
