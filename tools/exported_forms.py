"""A TF-Slim checkpoint of MobileNet V1 → the forms in which people pass such a network on, made by TensorFlow alone.

Nothing here calls the package: what the package makes of these files is compared with the checkpoint's own answers.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tools.tflite_metadata_writer import with_metadata

Array = Any
SIZE = 224
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)  # of Conv2d_1 to Conv2d_13: MobileNets, table 1
_EPSILON = 0.001


class Network:
    """MobileNet V1 in plain operations, with the weights of a checkpoint: logits of 1001 classes, for −1 to 1."""

    def __init__(self, checkpoint: Path) -> None:
        """Read the weights, as TF-Slim names them."""
        self.checkpoint = checkpoint
        reader = tf.train.load_checkpoint(str(checkpoint))
        averaged = "/ExponentialMovingAverage"
        names = reader.get_variable_to_shape_map()
        self._weights = {
            name: reader.get_tensor(name + averaged if name + averaged in names else name)
            for name in names
            if name.startswith("MobilenetV1/") and not name.endswith(("RMSProp", "RMSProp_1", "Momentum", averaged))
        }

    def of(self, layer: str, part: str) -> Array:
        """Return one of a layer's arrays."""
        return self._weights[f"MobilenetV1/{layer}/{part}"]

    def layers(self) -> Iterator[tuple[str, int]]:
        """Yield the name and the stride of each convolution but the last."""
        yield "Conv2d_0", 2
        for number, stride in enumerate(_STRIDES, start=1):
            yield f"Conv2d_{number}_depthwise", stride
            yield f"Conv2d_{number}_pointwise", 1

    def norm(self, layer: str) -> tuple[Array, Array]:
        """Return a layer's batch norm as a factor and a summand."""
        part = {name: self.of(layer, f"BatchNorm/{name}") for name in ("gamma", "beta", "moving_mean")}
        factor = part["gamma"] / np.sqrt(self.of(layer, "BatchNorm/moving_variance") + _EPSILON)
        return factor, part["beta"] - part["moving_mean"] * factor

    def logits(self, images: Array, low: float = -1.0, high: float = 1.0) -> Array:
        """Return the logits [N, 1001] of images from `low` to `high`, float32 [N, 224, 224, 3].

        The range is folded into the first convolution, so that the graph does not show it; what is around an image is
        0 for −1 to 1, which is the middle of any range.
        """
        middle, half = (low + high) / 2, (high - low) / 2
        x = tf.pad(images, [[0, 0], [0, 1], [0, 1], [0, 0]], constant_values=middle)
        for layer, stride in self.layers():
            factor, summand = self.norm(layer)
            with tf.name_scope(f"MobilenetV1/MobilenetV1/{layer}/"):
                if layer == "Conv2d_0":
                    kernel = self.of(layer, "weights") * factor / half
                    x = tf.nn.conv2d(x, kernel, stride, "VALID")
                    summand = summand - kernel.sum(axis=(0, 1, 2)) * middle
                elif layer.endswith("depthwise"):
                    kernel = self.of(layer, "depthwise_weights") * factor[:, None]
                    x = tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], "SAME")
                else:
                    x = tf.nn.conv2d(x, self.of(layer, "weights") * factor, 1, "SAME")
                x = tf.nn.relu6(x + summand.astype(np.float32))
        pooled = tf.reduce_mean(x, [1, 2], keepdims=True)
        last = "Logits/Conv2d_1c_1x1"
        made = tf.nn.conv2d(pooled, self.of(last, "weights"), 1, "SAME") + self.of(last, "biases")
        return tf.reshape(made, [-1, made.shape[-1]])

    def keras(self, library: Any, *first: Any, last: str | None = "softmax") -> Any:
        """Return it as a model of Keras 3 or of Keras 2, behind the layers `first`."""
        layers = library.layers
        x = inputs = library.Input((SIZE, SIZE, 3))
        for layer in first:
            x = layer(x)
        arrays: list[tuple[Any, list[Array]]] = []
        for name, stride in self.layers():
            if name.endswith("depthwise"):
                made = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, name=name)
                kernel = self.of(name, "depthwise_weights")
            else:
                kernel = self.of(name, "weights")
                made = layers.Conv2D(kernel.shape[3], kernel.shape[0], stride, "same", use_bias=False, name=name)
            norm = layers.BatchNormalization(epsilon=_EPSILON)
            x = layers.ReLU(6.0)(norm(made(x)))
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
            arrays += [(made, [kernel]), (norm, [self.of(name, f"BatchNorm/{part}") for part in parts])]
        dense = layers.Dense(1001, activation=last)
        model = library.Model(inputs, dense(layers.GlobalAveragePooling2D()(x)), name="classifier")
        name = "Logits/Conv2d_1c_1x1"
        for layer, values in [*arrays, (dense, [self.of(name, "weights")[0, 0], self.of(name, "biases")])]:
            layer.set_weights(values)
        return model


@dataclass(frozen=True, slots=True)
class Exporter:
    """Writes a network in one form after another.

    Attributes:
        network: The network.
        folder: Where the files go.
        samples: Images to quantise by, float32 [N, 224, 224, 3] in [0, 1].
        labels: The label of each class, for the metadata.
    """

    network: Network
    folder: Path
    samples: Array
    labels: tuple[str, ...]

    def tflite(
        self,
        name: str,
        function: Callable[[Array], Array],
        *,
        weights: str = "float32",
        io: Any = tf.float32,
        range_: tuple[float, float] = (-1, 1),
        metadata: tuple[float, float] | None = None,
        batch: int | None = 1,
        shape: tuple[int, ...] = (SIZE, SIZE, 3),
    ) -> Path:
        """Write a .tflite: "float32", "float16", "dynamic" or "int8" weights; metadata: (mean, std) of 0 to 255."""
        spec = tf.TensorSpec([batch, *shape], tf.float32, name="input")
        concrete = tf.function(function).get_concrete_function(spec)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
        if weights != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if weights == "int8":
            low, high = range_
            samples = (self.samples * (high - low) + low).astype(np.float32)
            converter.representative_dataset = lambda: ([image[None]] for image in samples)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = io
        data = converter.convert()
        file = self.folder / f"{name}.tflite"
        file.write_bytes(data if metadata is None else with_metadata(data, *metadata, labels=self.labels))
        return file

    def keras_file(self, name: str, model: Any) -> Path:
        """Write a Keras model; the ending of `name` says how."""
        model.save(str(self.folder / name))
        return self.folder / name

    def frozen(self, name: str, function: Callable[[Array], Array], output: str, batch: int | None) -> Path:
        """Write a frozen graph of TensorFlow 1, from `input` to `output`."""
        graph = tf.Graph()
        with graph.as_default():
            images = tf.compat.v1.placeholder(tf.float32, [batch, SIZE, SIZE, 3], name="input")
            tf.identity(function(images), name=output)
        (self.folder / name).write_bytes(graph.as_graph_def().SerializeToString())
        return self.folder / name

    def saved_model(self, name: str, function: Callable[[Array], Array], spec: Any) -> Path:
        """Write a SavedModel with a signature from `pixels` to `scores`."""
        module = tf.Module()
        module.serve = tf.function(lambda pixels: {"scores": function(pixels)}, input_signature=[spec])
        tf.saved_model.save(module, str(self.folder / name), signatures={"serving_default": module.serve})
        return self.folder / name

    def zipped(self, name: str, files: dict[str, Path | str]) -> Path:
        """Write a zip of files: each by its name in the zip, its path or its text."""
        with zipfile.ZipFile(self.folder / name, "w") as archive:
            for inner, content in files.items():
                archive.writestr(inner, content if isinstance(content, str) else content.read_bytes())
        return self.folder / name
