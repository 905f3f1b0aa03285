"""A hub module with a new head as one tf_keras model, saved as hub modules again."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_hub as hub
import tf_keras

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import hub_module
from mobilenet_cli.models.manifest import FOLDERS
from mobilenet_cli.records import NetworkKind
from mobilenet_cli.text import first_line
from mobilenet_cli.training.whole.in_tensorflow.batches import Batches
from mobilenet_cli.training.whole.options import DistributionStrategy, FineTuning

_MOMENTUM = "batch_norm_momentum"


def trainable_model(saved_model: Path, image_size: int, classes: int, options: FineTuning) -> tf_keras.Sequential:
    """Return the hub module, dropout and a linear head, compiled with softmax cross-entropy and ready to be fitted.

    Args:
        saved_model: The module's folder.
        image_size: Height and width of the images in pixels.
        classes: The number of logits.
        options: How the model will be trained.

    Raises:
        ModelError: The module cannot be trained, or not with these options.
    """
    layer = _trainable_layer(saved_model, options)
    regularizer = tf_keras.regularizers.L1L2(options.l1, options.l2)
    head = tf_keras.layers.Dense(classes, kernel_regularizer=regularizer, name="head")
    try:
        features = tf_keras.Sequential([tf_keras.Input((image_size, image_size, 3)), layer])
    except (TypeError, ValueError) as error:
        reason = first_line(error)
        raise ModelError(f"{saved_model} does not take images of {image_size} pixels: {reason}") from error
    if len(features.output_shape) != 2:
        raise ModelError(f"{saved_model} puts out {list(features.output_shape)}, but features are [N, C]")
    model = tf_keras.Sequential([*features.layers, tf_keras.layers.Dropout(options.dropout), head])
    model.build([None, image_size, image_size, 3])
    model.compile(
        tf_keras.optimizers.SGD(options.learning_rate, options.momentum),
        tf_keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=options.label_smoothing),
        metrics=["accuracy", tf_keras.metrics.CategoricalCrossentropy("cross_entropy", from_logits=True)],
    )
    return model


def strategy_scope(name: DistributionStrategy, training: Batches) -> contextlib.AbstractContextManager[Any]:
    """Return the context in which to make the model that is trained.

    Raises:
        ModelError: There are more devices than images in a batch.
    """
    if name == "none":
        return contextlib.nullcontext()
    strategy = tf.distribute.MirroredStrategy()
    smallest, devices = len(training.images) // training.steps, strategy.num_replicas_in_sync
    if smallest < devices:
        raise ModelError(f"batches of {smallest} images cannot be spread over {devices} devices: take larger ones")
    scope: contextlib.AbstractContextManager[Any] = strategy.scope()
    return scope


def save(model: tf_keras.Sequential, folder: Path, image_size: int) -> None:
    """Save a `trainable_model` as the SavedModels `saved_model` and `feature_vector` in `folder`.

    Both can be fine-tuned again, and each has only the variables that it needs.

    Args:
        model: The model with its weights, made outside of a distribution strategy.
        folder: Where the two SavedModels go.
        image_size: The size that the model was made for, which the SavedModels are fixed to if the module takes no
            other.
    """
    layer, _, head = model.layers
    features = hub_module.LoadedModule(layer.resolved_object)

    def logits(inputs: tf.Tensor, training: bool, momentum: tf.Tensor) -> tf.Tensor:
        return tf.linalg.matmul(features(inputs, training, momentum), head.kernel) + head.bias

    kinds: tuple[tuple[NetworkKind, Any, list[tf.Variable]], ...] = (
        ("feature_vector", features, []),
        ("classification", logits, head.weights),
    )
    for kind, forward, added in kinds:
        hub_module.save_function(
            forward,
            folder / FOLDERS[kind],
            kind,
            variables=[*features.variables, *added],
            trainable_variables=[*features.trainable_variables, *added],
            regularization_losses=features.regularization_losses,
            image_size=None if features.takes_any_size() else image_size,
        )


def _trainable_layer(saved_model: Path, options: FineTuning) -> hub.KerasLayer:
    module = hub.load(str(saved_model))
    arguments = {}
    if options.batch_norm_momentum is not None:
        if not callable(module) or _MOMENTUM not in hub_module.LoadedModule(module).parameters:
            raise ModelError(f"{saved_model} takes no batch-norm momentum: leave --batch-norm-momentum out")
        arguments[_MOMENTUM] = options.batch_norm_momentum
    try:
        layer = hub.KerasLayer(module, trainable=True, arguments=arguments)
    except ValueError as error:  # a module in TF1's format, or one with signatures only
        raise ModelError(f"{saved_model} cannot be fine-tuned: {error}") from error
    if not layer.trainable_weights:
        raise ModelError(f"{saved_model} cannot be fine-tuned: it has no trainable variables")
    return layer
