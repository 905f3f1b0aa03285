"""What TensorFlow Hub's image modules look like as SavedModels, and how to save a network as one.

Sources: "Reusable SavedModels" and "Common SavedModel APIs for Image Tasks" in TensorFlow Hub's
documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from mobilenet_cli.models.manifest import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mobilenet_cli.models.layers import ImageNetwork

# TensorFlow Hub's image modules call their outputs so in `serving_default`.
_OUTPUT_NAMES: dict[Kind, str] = {"classification": "logits", "feature_vector": "feature_vector"}
_BATCH_NORM_MOMENTUM = 0.99


Forward = Callable[[tf.Tensor, bool, tf.Tensor], tf.Tensor]
"""Maps float32 [N, H, W, 3] in [0, 1], whether it is trained, and the batch-norm momentum to what it puts out:
float32 [N, classes] logits or [N, C] features."""


class Module:
    """A loaded SavedModel, whatever it takes and lists of what the hub's modules do, as a Forward.

    Attributes:
        variables: All that it lists; if none, those of its serving signature.
        trainable_variables: Those of them that can be trained.
        regularization_losses: As it has them.
        takes_momentum: Whether a batch-norm momentum can be given.
    """

    def __init__(self, module: Any) -> None:
        self._call = module if callable(module) else module.signatures["serving_default"]
        self._takes = set(inspect.signature(module.__call__).parameters) if callable(module) else set()
        self.takes_momentum = "batch_norm_momentum" in self._takes
        self.variables = list(getattr(module, "variables", ()) or getattr(self._call, "variables", ()))
        self.trainable_variables = list(getattr(module, "trainable_variables", ()))
        self.regularization_losses = list(getattr(module, "regularization_losses", ()))

    def __call__(self, inputs: tf.Tensor, training: bool, momentum: tf.Tensor) -> tf.Tensor:
        """See Forward; what it does not take is left away."""
        arguments = {"training": training, "batch_norm_momentum": momentum}
        outputs = self._call(inputs, **{name: value for name, value in arguments.items() if name in self._takes})
        return next(iter(outputs.values())) if isinstance(outputs, dict) else outputs

    def takes_any_size(self) -> bool:
        """Tell whether it takes images of any height and width."""
        images = tf.TensorSpec([None, None, None, 3], tf.float32)
        try:
            tf.function(lambda inputs: self(inputs, False, _BATCH_NORM_MOMENTUM)).get_concrete_function(images)
        except (TypeError, ValueError):
            return False
        return True


def save(network: ImageNetwork, folder: Path | str, kind: Kind) -> None:
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

    save_function(
        network.logits if kind == "classification" else network.feature_vector,
        folder,
        kind,
        variables=variables,
        trainable_variables=[variable for variable in variables if variable.trainable],
        regularization_losses=[weight_decay],
    )


def save_function(
    forward: Forward,
    folder: Path | str,
    kind: Kind,
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
        forward: What is saved.
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
