"""What TensorFlow Hub's image modules look like as SavedModels, and how to save a network as one.

Sources: "Reusable SavedModels" and "Common SavedModel APIs for Image Tasks" in TensorFlow Hub's
documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from mobilenet_cli.models.manifest import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from mobilenet_cli.models.layers import ImageNetwork

# TensorFlow Hub's image modules call their outputs so in `serving_default`.
_OUTPUT_NAMES: dict[Kind, str] = {"classification": "logits", "feature_vector": "feature_vector"}
_BATCH_NORM_MOMENTUM = 0.99


def save(network: ImageNetwork, folder: Path | str, kind: Kind) -> None:
    """Save a network as a SavedModel that `hub.load` and `hub.KerasLayer` take as they take the hub's own.

    The loaded object can be called as `module(inputs, training=False, batch_norm_momentum=0.99)`: inputs are
    float32 [N, H, W, 3] in [0, 1] of any height and width; the result is float32, [N, classes] logits or the
    [N, C] pooled features. It has `variables`, `trainable_variables` and `regularization_losses` for
    fine-tuning, and the signature `serving_default` from `inputs` to `logits` or `feature_vector`.

    Args:
        network: The network with its weights.
        folder: Where the SavedModel goes; made if need be.
        kind: Whether the module ends in the classifier's logits or before it. A feature vector's
            SavedModel does not hold the classifier's weights.
    """
    module = tf.train.Checkpoint()
    _track_variables(module, network, kind)
    forward = network.logits if kind == "classification" else network.feature_vector

    def call(
        inputs: tf.Tensor,
        training: bool = False,
        batch_norm_momentum: tf.Tensor = _BATCH_NORM_MOMENTUM,
    ) -> tf.Tensor:
        return forward(inputs, training, batch_norm_momentum)

    def serve(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {_OUTPUT_NAMES[kind]: forward(inputs)}

    images = tf.TensorSpec([None, None, None, 3], tf.float32, name="inputs")
    # Traced as a tensor: a Python float would be a constant, and then only the traced values could be passed.
    momentum = tf.TensorSpec([], tf.float32, name="batch_norm_momentum")
    module.__call__ = tf.function(call)
    for training in (False, True):
        module.__call__.get_concrete_function(images, training, momentum)
    signature = tf.function(serve, input_signature=[images])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": signature})


def _track_variables(module: tf.train.Checkpoint, network: ImageNetwork, kind: Kind) -> None:
    """Set the attributes that KerasLayer reads. Properties would not be saved; tracked lists are."""
    variables, kernels = list(network.variables), network.decayed_kernels()
    if kind == "feature_vector":
        unused = {id(variable) for variable in network.classifier.variables}
        variables = [variable for variable in variables if id(variable) not in unused]
        kernels = [kernel for kernel in kernels if id(kernel) not in unused]
    module.variables = variables
    module.trainable_variables = [variable for variable in variables if variable.trainable]

    def weight_decay() -> tf.Tensor:
        return network.weight_decay * tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])

    module.regularization_losses = [tf.function(weight_decay, input_signature=[])]
