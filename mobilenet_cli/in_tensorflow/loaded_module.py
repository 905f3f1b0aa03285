"""A loaded SavedModel, as a function of images: whatever it takes and lists of what the hub's modules do."""

from __future__ import annotations

import inspect
from typing import Any

import tensorflow as tf

_BATCH_NORM_MOMENTUM = "batch_norm_momentum"


class LoadedModule:
    """What can be saved anew, as part of another network: see hub_interface.save_function.

    Attributes:
        parameters: The names of what it can be called with.
        variables: All that it lists; if none, those of its serving signature.
        trainable_variables: Those of them that can be trained.
        regularization_losses: As it has them.
    """

    def __init__(self, module: Any) -> None:
        """Take what `tf.saved_model.load` has made."""
        self._call = module if callable(module) else module.signatures["serving_default"]
        self.parameters = set(inspect.signature(module.__call__).parameters) if callable(module) else set()
        self.variables = list(getattr(module, "variables", ())) or list(getattr(self._call, "variables", ()))
        self.trainable_variables = list(getattr(module, "trainable_variables", ()))
        self.regularization_losses = list(getattr(module, "regularization_losses", ()))

    def __call__(self, inputs: tf.Tensor, training: bool, momentum: tf.Tensor) -> tf.Tensor:
        """Map float32 [N, H, W, 3] in [0, 1] to what it puts out, with those arguments that it takes."""
        arguments = {"training": training, _BATCH_NORM_MOMENTUM: momentum}
        outputs = self._call(inputs, **{name: value for name, value in arguments.items() if name in self.parameters})
        return next(iter(outputs.values())) if isinstance(outputs, dict) else outputs

    def takes_any_size(self) -> bool:
        """Tell whether it takes images of any height and width."""
        try:
            tf.function(self._evaluated).get_concrete_function(tf.TensorSpec([None, None, None, 3], tf.float32))
        except (TypeError, ValueError):
            return False
        return True

    def _evaluated(self, images: tf.Tensor) -> tf.Tensor:
        return self(images, False, tf.constant(0.99))
