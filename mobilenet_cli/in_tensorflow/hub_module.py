"""What TensorFlow Hub's image modules look like as SavedModels, and how to save a network as one.

Sources: "Reusable SavedModels" and "Common SavedModel APIs for Image Tasks" in TensorFlow Hub's
documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mobilenet_cli.in_tensorflow.networks.layers import ImageNetwork

# TensorFlow Hub's image modules call their outputs so in `serving_default`.
_OUTPUT_NAMES: dict[NetworkKind, str] = {"classification": "logits", "feature_vector": "feature_vector"}
_BATCH_NORM_MOMENTUM = 0.99


def save(network: ImageNetwork, folder: Path | str, kind: NetworkKind) -> None:
    """Save a network as a SavedModel, as `save_function` does, with its weight decay as its regularisation.

    Args:
        network: The network with its weights.
        folder: Where the SavedModel goes; made if need be.
        kind: Whether the module ends in the classifier's logits or before it. A feature vector's
            SavedModel does not hold the classifier's weights.
    """
    variables, kernels = list(network.variables), network.decayed_kernels()
    if kind == "feature_vector":
        unused = {id(variable) for variable in network.classifier.variables}
        variables = [variable for variable in variables if id(variable) not in unused]
        kernels = [kernel for kernel in kernels if id(kernel) not in unused]

    def weight_decay() -> tf.Tensor:
        return network.weight_decay * tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])

    forward = network.logits if kind == "classification" else network.feature_vector
    trainable = [variable for variable in variables if variable.trainable]
    save_function(
        forward,
        folder,
        kind,
        variables=variables,
        trainable_variables=trainable,
        regularization_losses=[weight_decay],
    )


def save_function(
    forward: Callable[[tf.Tensor, bool, tf.Tensor], tf.Tensor],
    folder: Path | str,
    kind: NetworkKind,
    *,
    variables: Sequence[tf.Variable],
    trainable_variables: Sequence[tf.Variable],
    regularization_losses: Sequence[Callable[[], tf.Tensor]],
    image_size: int | None = None,
) -> None:
    """Save a function as a SavedModel that `hub.load` and `hub.KerasLayer` take as they take the hub's own.

    The loaded object can be called as `module(inputs, training=False, batch_norm_momentum=0.99)`: inputs are
    float32 [N, H, W, 3] in [0, 1] of any height and width; the result is float32, [N, classes] logits or the
    [N, C] pooled features. It has `variables`, `trainable_variables` and `regularization_losses` for
    fine-tuning, and the signature `serving_default` from `inputs` to `logits` or `feature_vector`.

    Args:
        forward: What is saved, called with the inputs, whether training, and the batch-norm momentum.
        folder: Where the SavedModel goes; made if need be.
        kind: What `forward` puts out.
        variables: All that `forward` reads or assigns.
        trainable_variables: Those of them that a gradient reaches.
        regularization_losses: Each returns a scalar to add to the loss of whoever trains it.
        image_size: The only height and width that `forward` takes; None: it takes any.
    """
    module = tf.train.Checkpoint()
    # What KerasLayer reads. Properties would not be saved; tracked lists are.
    module.variables = list(variables)
    module.trainable_variables = list(trainable_variables)
    module.regularization_losses = [tf.function(loss, input_signature=[]) for loss in regularization_losses]

    def call(
        inputs: tf.Tensor,
        training: bool = False,
        batch_norm_momentum: tf.Tensor = _BATCH_NORM_MOMENTUM,
    ) -> tf.Tensor:
        return forward(inputs, training, batch_norm_momentum)

    def serve(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {_OUTPUT_NAMES[kind]: forward(inputs, False, tf.constant(_BATCH_NORM_MOMENTUM))}

    images = tf.TensorSpec([None, image_size, image_size, 3], tf.float32, name="inputs")
    # Traced as a tensor: a Python float would be a constant, and then only the traced values could be passed.
    momentum = tf.TensorSpec([], tf.float32, name="batch_norm_momentum")
    module.__call__ = tf.function(call)
    for training in (False, True):
        module.__call__.get_concrete_function(images, training, momentum)
    signature = tf.function(serve, input_signature=[images])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": signature})
