"""Read a TF-Slim checkpoint of MobileNet V1, and convert it to a SavedModel like the hub's.

The hub's modules were exported from these checkpoints. Published ones hold more than the network: shadow
variables with the weights' exponential moving averages, which score better and which the published
accuracies belong to, and the optimiser's state.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import tensorflow as tf

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import hub_module
from mobilenet_cli.in_tensorflow.networks.layers import assign_weights
from mobilenet_cli.in_tensorflow.networks.mobilenet_v1 import MobilenetV1
from mobilenet_cli.text import first_line

if TYPE_CHECKING:
    import numpy as np

    from mobilenet_cli.records import NetworkKind

_AVERAGE = "/ExponentialMovingAverage"
_OPTIMISER_SLOTS = ("/RMSProp", "/RMSProp_1", "/Momentum")
_LAST_KERNEL = "MobilenetV1/Conv2d_13_pointwise/weights"
_CLASSIFIER_KERNEL = "MobilenetV1/Logits/Conv2d_1c_1x1/weights"


def convert(path: Path | str, folder: Path | str, kind: NetworkKind = "classification") -> None:
    """Write a checkpoint's network as a SavedModel like the hub's (see hub_module.save).

    Args:
        path: The checkpoint, as `read` takes it.
        folder: Where the SavedModel goes.
        kind: "classification" or "feature_vector".

    Raises:
        ModelError: As `load`.
    """
    hub_module.save(load(Path(path)), folder, kind)


def load(path: Path) -> MobilenetV1:
    """Build the network of a checkpoint; depth multiplier and class count follow from its shapes.

    Args:
        path: The checkpoint, as `read` takes it.

    Raises:
        ModelError: It cannot be read, or a variable is missing, surplus or of another shape.
    """
    weights = read(path)
    for name in (_LAST_KERNEL, _CLASSIFIER_KERNEL):
        if name not in weights:
            raise ModelError(f"{path} lacks {name}: it is not a TF-Slim checkpoint of MobileNet V1.")
        if weights[name].ndim != 4:
            raise ModelError(f"{path}: {name} has shape {weights[name].shape}, but a kernel has four axes.")
    depth, classes = weights[_LAST_KERNEL].shape[-1], weights[_CLASSIFIER_KERNEL].shape[-1]
    # The last layer is 1024 deep before the multiplier, so this is exact for every other layer too.
    network = MobilenetV1(depth / 1024, classes)
    assign_weights(network.variables, weights, str(path))
    return network


def read(path: Path) -> dict[str, np.ndarray]:
    """Read the weights of a TF-Slim checkpoint.

    Args:
        path: The checkpoint's prefix, its `.index` or `.data-…` file, or a folder that holds one checkpoint.

    Returns:
        Variable name to array. Where a variable has an exponential moving average, the array is that.
        `global_step` and the optimiser's state are left out.

    Raises:
        ModelError: There is no such checkpoint, there are several, or it is damaged.
    """
    prefix = _prefix(path)
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        stored = {
            name: reader.get_tensor(name)
            for name in sorted(reader.get_variable_to_shape_map())
            if name != "global_step" and not name.endswith(_OPTIMISER_SLOTS)
        }
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        # IndexError is what the reader makes of a data file that ends early.
        reason = first_line(error)
        raise ModelError(f"The checkpoint {prefix} cannot be read ({reason}): download it again.") from error
    averages = {name.removesuffix(_AVERAGE): stored[name] for name in stored if name.endswith(_AVERAGE)}
    return {name: stored[name] for name in stored if not name.endswith(_AVERAGE)} | averages


def _prefix(path: Path) -> Path:
    """Find the checkpoint's prefix, which is no file's name but the beginning of several."""
    if path.is_dir():
        found = sorted(path.glob("*.index"))
        if not found:
            raise ModelError(f"There is no checkpoint in {path}: no file ends in .index. Check the path.")
        if len(found) > 1:
            names = ", ".join(file.name for file in found)
            raise ModelError(f"{path} holds several checkpoints: name one of {names}.")
        path = found[0]
    name = path.name
    if path.suffix == ".index" or path.suffix.startswith(".data-"):
        name = path.stem
    prefix = path.with_name(name)
    if not prefix.with_name(f"{name}.index").is_file():
        raise ModelError(f"There is no checkpoint {prefix}: {name}.index is missing. Check the path.")
    return prefix
