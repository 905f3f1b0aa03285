"""A frozen graph of TensorFlow 1 (.pb) → a SavedModel. Called in the TensorFlow process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import SIGNED
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import operations, stated_input
from mobilenet_cli.in_tensorflow.stated_input import StatedInput
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import first_line

# TF-for-poets' retrain.py, and TF-Slim's MobileNets.
_OUTPUTS = ("final_result", "MobilenetV1/Predictions/Reshape_1", "MobilenetV2/Predictions/Reshape_1")
_TAKES_SIGNED = ("MobilenetV1/", "MobilenetV2/", "InceptionV3/")


def convert(file: Path, destination: Path) -> None:
    """Save a frozen graph as a SavedModel in `destination`, from its image to its scores.

    Raises:
        ModelError: It is damaged, touches files, or has not one input of images and one output.
    """
    tf = import_tensorflow()
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(file.read_bytes())
    except Exception as error:  # protobuf's own class
        raise ModelError(f"{file.name} is no frozen graph: {first_line(error)}") from error
    operations.check_graph(graph)
    image, output = _image(graph, file.name), _output(graph, file.name)
    if tf.as_dtype(image.attr["dtype"].type) == tf.string:
        raise ModelError(f"its input {image.name!r} is a string: an encoded image, not pixels")
    sides = [dimension.size for dimension in image.attr["shape"].shape.dim]
    shape = [None, *(side if side > 0 else None for side in sides[1:])] if len(sides) == 4 else [None, None, None, 3]
    dtype = tf.as_dtype(image.attr["dtype"].type)

    def imported(pixels: Any) -> Any:
        (made,) = tf.graph_util.import_graph_def(graph, {image.name: pixels}, [f"{output}:0"], name="")
        return made

    try:
        with silenced():
            function = tf.compat.v1.wrap_function(imported, [tf.TensorSpec(shape, dtype, name="pixels")])
            module = tf.Module()
            serve = tf.function(
                lambda pixels: {"scores": function(pixels)},
                input_signature=[tf.TensorSpec(shape, dtype, name="pixels")],
            )
            tf.saved_model.save(module, str(destination), signatures={"serving_default": serve})
    except Exception as error:  # ValueError, OpError, and what importing an unknown operation raises
        raise ModelError(f"TensorFlow cannot import the graph in {file.name}: {first_line(error)}") from error
    if any(node.name.startswith(_TAKES_SIGNED) for node in graph.node):
        stated_input.write(destination, StatedInput(SIGNED))


def _image(graph: Any, name: str) -> Any:
    taken = [node for node in graph.node if node.op == "Placeholder"]
    images = [node for node in taken if len(node.attr["shape"].shape.dim) in (0, 4)]
    named = [node for node in images if node.name in ("input", "Placeholder")]
    if len(images) == 1 or len(named) == 1:
        return (named or images)[0]
    inputs = ", ".join(node.name for node in taken) or "none"
    raise ModelError(f"{name} has not one input of images [N, H, W, 3], but these placeholders: {inputs}")


def _output(graph: Any, name: str) -> str:
    names = {node.name for node in graph.node}
    for known in _OUTPUTS:
        if known in names:
            return known
    used = {taken.lstrip("^").partition(":")[0] for node in graph.node for taken in node.input}
    ends = [
        node.name for node in graph.node if node.name not in used and node.op not in ("NoOp", "Const", "Placeholder")
    ]
    if len(ends) == 1:
        return str(ends[0])
    raise ModelError(f"{name} has not one output, but these: {', '.join(ends) or 'none'}")
