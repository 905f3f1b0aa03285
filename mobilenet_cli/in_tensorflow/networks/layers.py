"""The pieces that both networks are built of, in plain TensorFlow.

Keras 3 is no alternative: its variables do not freeze into LiteRT. All activations are float32 [N, H, W, C];
kernels are laid out as TensorFlow lays them out. Convolutions pad as TensorFlow's SAME does, with which every
pretrained network here was trained.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np
import tensorflow as tf

from mobilenet_cli.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BATCH_NORM_EPSILON = 1e-3


class Layer(Protocol):
    """A layer of a network: ConvNorm, or a block of several."""

    def __call__(self, inputs: tf.Tensor, training: bool, momentum: tf.Tensor) -> tf.Tensor:
        """Map float32 [N, H, W, C] to float32 [N, H', W', C']."""


class BatchNorm(tf.Module):  # type: ignore[misc]
    """Batch normalisation over N, H and W (Ioffe and Szegedy 2015), epsilon 0.001."""

    def __init__(self, scope: str, channels: int) -> None:
        super().__init__()
        self.gamma = tf.Variable(tf.ones(channels), name=f"{scope}/gamma")
        self.beta = tf.Variable(tf.zeros(channels), name=f"{scope}/beta")
        self.moving_mean = tf.Variable(tf.zeros(channels), trainable=False, name=f"{scope}/moving_mean")
        self.moving_variance = tf.Variable(tf.ones(channels), trainable=False, name=f"{scope}/moving_variance")

    def __call__(self, inputs: tf.Tensor, training: bool, momentum: tf.Tensor) -> tf.Tensor:
        """Normalise float32 [N, H, W, channels].

        Args:
            inputs: The activations.
            training: Normalise by the batch's own statistics, and move the moving averages:
                moving = moving * momentum + batch * (1 - momentum). As in TF-Slim, `batch` is the unbiased
                variance (divided by n - 1), while the normalisation itself uses the biased one.
            momentum: float32 scalar, 0 to 1; unused unless training.
        """
        if not training:
            moving = {"mean": self.moving_mean, "variance": self.moving_variance}
            outputs, _, _ = tf.compat.v1.nn.fused_batch_norm(
                inputs, self.gamma, self.beta, epsilon=BATCH_NORM_EPSILON, is_training=False, **moving
            )
            return outputs
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=BATCH_NORM_EPSILON, is_training=True
        )
        for moving_average, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving_average.assign(moving_average * momentum + batch * (1 - momentum))
        return outputs


class ConvNorm(tf.Module):  # type: ignore[misc]
    """A convolution without bias, batch normalisation, and ReLU6 unless `linear`.

    Variables are named as TF-Slim names them: `<scope>/weights` or `<scope>/depthwise_weights`, and
    `<scope>/BatchNorm/gamma`, `beta`, `moving_mean`, `moving_variance`.
    """

    def __init__(
        self,
        scope: str,
        size: int,
        inputs: int,
        outputs: int | None,
        rng: np.random.Generator,
        *,
        stride: int = 1,
        linear: bool = False,
    ) -> None:
        """Make the variables, with random kernels.

        Args:
            scope: The variables' name prefix.
            size: The kernel's height and width.
            inputs: Input channels.
            outputs: Output channels, or None for a depthwise convolution: one filter an input channel.
            rng: Draws the kernel: normal, scaled to keep the activations' variance (He et al. 2015).
            stride: In both directions.
            linear: Leave the ReLU6 away.
        """
        super().__init__()
        self.depthwise = outputs is None
        shape = (size, size, inputs, outputs or 1)
        fan_in = size * size * (1 if self.depthwise else inputs)
        name = "depthwise_weights" if self.depthwise else "weights"
        self.kernel = tf.Variable(_normal(rng, shape, math.sqrt(2 / fan_in)), name=f"{scope}/{name}")
        self.batch_norm = BatchNorm(f"{scope}/BatchNorm", outputs or inputs)
        self._strides = (1, stride, stride, 1)
        self._linear = linear

    def __call__(self, inputs: tf.Tensor, training: bool, momentum: tf.Tensor) -> tf.Tensor:
        """Map float32 [N, H, W, inputs] to float32 [N, ceil(H / stride), ceil(W / stride), outputs]."""
        convolve = tf.nn.depthwise_conv2d if self.depthwise else tf.nn.conv2d
        outputs = convolve(inputs, self.kernel, self._strides, "SAME")
        outputs = self.batch_norm(outputs, training, momentum)
        return outputs if self._linear else tf.nn.relu6(outputs)


class LogitsLayer(tf.Module):  # type: ignore[misc]
    """The 1×1 convolution with bias that makes logits of a feature vector.

    Its variables are `<scope>/weights` and `<scope>/biases`, as TF-Slim names them.
    """

    def __init__(self, scope: str, features: int, classes: int, rng: np.random.Generator) -> None:
        super().__init__()
        kernel = _normal(rng, (1, 1, features, classes), math.sqrt(1 / features))
        self.kernel = tf.Variable(kernel, name=f"{scope}/weights")
        self.bias = tf.Variable(tf.zeros(classes), name=f"{scope}/biases")

    def __call__(self, features: tf.Tensor) -> tf.Tensor:
        """Map float32 [N, features] to float32 [N, classes]."""
        # On 1×1 inputs a matrix product is the same, and compiles to one FULLY_CONNECTED.
        return tf.linalg.matmul(features, tf.reshape(self.kernel, self.kernel.shape[2:])) + self.bias


class ImageNetwork(tf.Module):  # type: ignore[misc]
    """A stack of layers, global average pooling and a classifier, over images in [0, 1]."""

    def __init__(
        self,
        layers: Sequence[Layer],
        classifier: LogitsLayer,
        *,
        scale: float,
        offset: float,
        weight_decay: float,
        decay_depthwise: bool,
    ) -> None:
        """Put a network together.

        Args:
            layers: From the image to the last feature map.
            classifier: From the pooled features to the logits.
            scale: The network was trained on scale * x + offset, for x in [0, 1].
            offset: See scale.
            weight_decay: Factor of the L2 regularisation that it was trained with.
            decay_depthwise: Whether that applied to depthwise kernels too.
        """
        super().__init__()
        self.layers = list(layers)
        self.classifier = classifier
        self.weight_decay = weight_decay
        self._scale, self._offset = scale, offset
        self._decay_depthwise = decay_depthwise

    def feature_vector(self, images: tf.Tensor, training: bool = False, momentum: tf.Tensor = 0.99) -> tf.Tensor:
        """Map float32 [N, H, W, 3] in [0, 1] to the pooled features, float32 [N, C]."""
        outputs = images * self._scale + self._offset
        for layer in self.layers:
            outputs = layer(outputs, training, momentum)
        return tf.reduce_mean(outputs, axis=[1, 2])

    def logits(self, images: tf.Tensor, training: bool = False, momentum: tf.Tensor = 0.99) -> tf.Tensor:
        """Map float32 [N, H, W, 3] in [0, 1] to float32 [N, classes]."""
        return self.classifier(self.feature_vector(images, training, momentum))

    def decayed_kernels(self) -> list[tf.Variable]:
        """Return the kernels that weight decay applies to: never the batch norms' variables or the biases."""
        convolutions = [module for module in self.submodules if isinstance(module, ConvNorm)]
        kernels = [conv.kernel for conv in convolutions if self._decay_depthwise or not conv.depthwise]
        return [*kernels, self.classifier.kernel]


def assign_weights(variables: Iterable[tf.Variable], weights: Mapping[str, np.ndarray], origin: str) -> None:
    """Give each variable the array of its name.

    Args:
        variables: What to fill.
        weights: Exactly the variables' names (without ":0"), to arrays of their shapes.
        origin: What the weights were read from, for the message.

    Raises:
        ModelError: A variable is missing, surplus or of another shape. Nothing is assigned then.
    """
    by_name = {variable.name.removesuffix(":0"): variable for variable in variables}
    if missing := [name for name in by_name if name not in weights]:
        raise ModelError(f"{origin} lacks {_listing(missing)}: it is not a checkpoint of this network.")
    if surplus := [name for name in weights if name not in by_name]:
        raise ModelError(f"{origin} holds {_listing(surplus)}, which this network does not have.")
    for name, variable in by_name.items():
        expected, actual = tuple(variable.shape), weights[name].shape
        if expected != actual:
            raise ModelError(f"{origin}: {name} has shape {actual}, but this network needs {expected}.")
    for name, variable in by_name.items():
        variable.assign(weights[name])


def _listing(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _normal(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)
