"""A model cannot act: operations that reach beyond the computation are refused by name, wherever they hide."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import SHARED

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.operations import check_saved_model

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow


class Network(tf.Module):
    """A network with a variable, whose SavedModel can save and restore it."""

    def __init__(self, act=None) -> None:
        super().__init__()
        self.weight = tf.Variable(2.0)
        self.act = act

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32)])
    def __call__(self, images):
        scores = tf.reduce_mean(images, [1, 2]) * self.weight
        if self.act is None:
            return tf.nn.softmax(scores)
        with tf.control_dependencies([self.act()]):
            return tf.identity(scores)


def write(folder: Path, act=None) -> Path:
    network = Network(act)
    tf.saved_model.save(network, str(folder), signatures={"serving_default": network.__call__})
    return folder


def within(branch):
    return lambda: tf.cond(tf.constant(True), branch, lambda: tf.constant(""))


def test_a_network_that_saves_and_restores_its_weights_is_allowed(tmp_path):
    check_saved_model(write(tmp_path / "model"))


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (lambda: tf.io.read_file("/etc/hostname"), "ReadFile"),
        (lambda: tf.io.write_file("/tmp/never", "x"), "WriteFile"),
        (lambda: tf.io.matching_files("/etc/*"), "MatchingFiles"),
        (lambda: tf.print("x", output_stream="file:///tmp/never"), "PrintV2"),
        (lambda: tf.py_function(lambda: 1.0, [], tf.float32), "EagerPyFunc"),
        (lambda: tf.numpy_function(lambda: 1.0, [], tf.float32), "PyFunc"),
        (
            lambda: tf.raw_ops.SaveV2(prefix="/tmp/never", tensor_names=["a"], shape_and_slices=[""], tensors=[1.0]),
            "SaveV2",
        ),
        (
            lambda: tf.raw_ops.RestoreV2(prefix="x", tensor_names=["a"], shape_and_slices=[""], dtypes=["float32"])[0],
            "RestoreV2",
        ),
        (within(lambda: tf.io.read_file("/etc/hostname")), "ReadFile"),
    ],
)
def test_what_reaches_out_is_refused_by_name(tmp_path, act, name):
    folder = write(tmp_path / "model", act)
    with pytest.raises(ModelError, match=rf"the operation {name}, .*--trust-model"):
        check_saved_model(folder)


def test_an_operation_that_loading_runs_is_refused(tmp_path):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        image = tf.compat.v1.placeholder(tf.float32, [None, 8, 8, 3])
        scores = tf.reduce_mean(image, [1, 2])
        acts = tf.group(tf.io.write_file("/tmp/never", "x"))
        tf.compat.v1.saved_model.simple_save(
            session, str(tmp_path / "model"), {"image": image}, {"scores": scores}, legacy_init_op=acts
        )
    with pytest.raises(ModelError, match="WriteFile"):
        check_saved_model(tmp_path / "model")


def test_a_second_file_that_tensorflow_would_read_instead_is_refused(tmp_path):
    folder = write(tmp_path / "model")
    (folder / "saved_model.cpb").write_bytes(b"")
    with pytest.raises(ModelError, match="chunks"):
        check_saved_model(folder)


@pytest.mark.parametrize("content", [b"\xff" * 100, b"nonsense", b""], ids=["no message", "text", "empty"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path, content: bytes):
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(ModelError, match=r"^TensorFlow cannot load the SavedModel: its saved_model\.pb is damaged$"):
        check_saved_model(tmp_path)


def test_a_file_that_cannot_be_read_is_not_said_to_be_damaged(tmp_path):
    (tmp_path / "saved_model.pb").mkdir()
    with pytest.raises(ModelError, match=r"cannot read .*saved_model\.pb: Is a directory"):
        check_saved_model(tmp_path)


def test_a_folder_without_the_file_is_no_saved_model(tmp_path):
    with pytest.raises(ModelError, match=r"is not a SavedModel: it has no saved_model\.pb"):
        check_saved_model(tmp_path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the small models that act are not part of the project")
def test_a_model_that_copies_a_file_is_refused():
    with pytest.raises(ModelError, match="ReadFile"):
        check_saved_model(SHARED / "cases" / "hostile" / "savedmodel_readwrite")
