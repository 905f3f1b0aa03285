"""Training a whole network in the TensorFlow process: the work behind `options.fine_tune`."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf
import tf_keras

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow.process import report_progress
from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.tensorflow_files.summaries import Summaries
from mobilenet_cli.training.whole.in_tensorflow import keras_model
from mobilenet_cli.training.whole.in_tensorflow.batches import KEPT_BYTES, Batches, Images
from mobilenet_cli.training.whole.in_tensorflow.watch import InterruptedTrainingError, Interrupts, Watch
from mobilenet_cli.training.whole.options import Augmentation, FineTuning, LabelledPath


def tune(
    *,
    saved_model: str,
    folder: str,
    train: list[LabelledPath],
    validation: list[LabelledPath],
    classes: int,
    preprocessing: dict[str, Any],
    options: dict[str, Any],
    seed: int,
    summaries: str | None,
) -> dict[str, Any] | None:
    """Do what fine_tune.fine_tune promises, with plain arguments, and return its History's fields.

    Returns:
        None where SIGINT came before the first epoch was done, and nothing was saved.

    Raises:
        ModelError: As fine_tune.
        OutputError: As fine_tune.
    """
    recipe = Preprocessing(**preprocessing)
    plan = _options(options)
    interrupts = Interrupts()
    interrupted = False
    with ThreadPoolExecutor(usable_cores()) as pool, interrupts.caught():
        try:
            images, checks = _read(train, validation, recipe, pool, interrupts)
        except InterruptedTrainingError:
            return None
        training = Batches(images, classes, plan.batch_size, seed, plan.augmentation)
        checking = Batches(checks, classes, plan.batch_size)
        # Kernels whose sums are the same every time, and one seed for Python, NumPy and TensorFlow.
        tf.config.experimental.enable_op_determinism()
        tf_keras.utils.set_random_seed(seed)
        report_progress("preparing the network")
        with keras_model.strategy_scope(plan.distribution_strategy, training):
            model = keras_model.trainable_model(saved_model, recipe.image_size, classes, plan)
        watch = Watch(training, checking, plan, interrupts, Summaries(summaries) if summaries else None)
        try:
            _fit(model, training, checking, watch)
        except InterruptedTrainingError:
            if watch.best_weights is None:
                return None
            interrupted = True
        report_progress("saving the network")
        if plan.distribution_strategy != "none":  # its variables cannot be saved as those of a hub module
            model = keras_model.trainable_model(saved_model, recipe.image_size, classes, plan)
        model.set_weights(watch.best_weights)
        keras_model.save(model, Path(folder), recipe.image_size)
    return {
        "epochs": [asdict(epoch) for epoch in watch.epochs],
        "best_epoch": watch.best_epoch,
        "interrupted": interrupted,
    }


def _fit(model: tf_keras.Model, training: Batches, checking: Batches, watch: Watch) -> None:
    validation = {}
    if len(checking.images):
        validation = {"validation_data": checking.dataset(1), "validation_steps": checking.steps}
    epochs = watch.options.epochs
    model.fit(
        training.dataset(epochs),
        epochs=epochs,
        steps_per_epoch=training.steps,
        callbacks=[watch],
        verbose=0,
        **validation,
    )


def _read(
    train: list[LabelledPath],
    validation: list[LabelledPath],
    recipe: Preprocessing,
    pool: ThreadPoolExecutor,
    interrupts: Interrupts,
) -> tuple[Images, Images]:
    total = len(train) + len(validation)
    counter = itertools.count(1)

    def progress() -> None:
        interrupts.check()
        report_progress("reading images", next(counter), total)

    keep = total * 3 * recipe.image_size**2 <= KEPT_BYTES
    training, checking = (
        Images(examples, recipe, pool, keep=keep, progress=progress) for examples in (train, validation)
    )
    return training, checking


def _options(values: dict[str, Any]) -> FineTuning:
    augmentation = values["augmentation"]
    return FineTuning(**values | {"augmentation": None if augmentation is None else Augmentation(**augmentation)})
