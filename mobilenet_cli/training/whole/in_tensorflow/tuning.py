"""Training a whole network in the TensorFlow process: the work behind `make.fine_tune`.

`tune` is called from outside that process, so nothing here imports TensorFlow before it runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow.channel import report_progress
from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.tensorflow_files.summaries import Summaries
from mobilenet_cli.training.temperature import validated_temperature
from mobilenet_cli.training.whole.in_tensorflow.interrupts import InterruptedTrainingError, Interrupts
from mobilenet_cli.training.whole.options import FineTuning, History, LabelledPath

if TYPE_CHECKING:
    import tf_keras

    from mobilenet_cli.training.whole.in_tensorflow.batches import Batches, Images
    from mobilenet_cli.training.whole.in_tensorflow.watch import Watch


def tune(
    saved_model: Path,
    folder: Path,
    *,
    train: Sequence[LabelledPath],
    validation: Sequence[LabelledPath],
    classes: int,
    preprocessing: Preprocessing,
    options: FineTuning,
    seed: int,
    summaries: str | None,
) -> History | None:
    """Train a network and save it; for arguments and errors see make.fine_tune.

    Returns:
        None where SIGINT came before the first epoch was done, and nothing was saved.
    """
    import tensorflow as tf
    import tf_keras

    from mobilenet_cli.training.whole.in_tensorflow import keras_model
    from mobilenet_cli.training.whole.in_tensorflow.batches import Batches
    from mobilenet_cli.training.whole.in_tensorflow.watch import Watch

    interrupts = Interrupts()
    interrupted = False
    with ThreadPoolExecutor(usable_cores()) as pool, interrupts.caught():
        try:
            images, checks = _read(train, validation, preprocessing, pool, interrupts)
        except InterruptedTrainingError:
            return None
        training = Batches(images, classes, options.batch_size, seed, options.augmentation)
        checking = Batches(checks, classes, options.batch_size)
        # Kernels that give the same sums every time, and one seed for Python, NumPy and TensorFlow.
        tf.config.experimental.enable_op_determinism()
        tf_keras.utils.set_random_seed(seed)
        report_progress("preparing the network")
        with keras_model.strategy_scope(options.distribution_strategy, training):
            model = keras_model.trainable_model(saved_model, preprocessing.image_size, classes, options)
        watch = Watch(training, checking, options, interrupts, Summaries(summaries) if summaries else None)
        try:
            _fit(model, training, checking, watch)
        except InterruptedTrainingError:
            if watch.best_weights is None:
                return None
            interrupted = True
        report_progress("saving the network")
        if options.distribution_strategy != "none":  # its variables cannot be saved as those of a hub module
            model = keras_model.trainable_model(saved_model, preprocessing.image_size, classes, options)
        model.set_weights(watch.best_weights)
        temperature = _temperature(model, checking, [index for _, index in validation])
        keras_model.save(model, folder, preprocessing.image_size)
    return History(tuple(watch.epochs), watch.best_epoch, interrupted, temperature)


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


def _temperature(model: tf_keras.Model, checking: Batches, labels: list[int]) -> float:
    """Return the temperature of the weights that are kept, fitted on the validation images; 1 where there are none."""
    if not labels:
        return 1.0
    logits = model.predict(checking.dataset(1), steps=checking.steps, verbose=0)
    return validated_temperature(logits, labels)


def _read(
    train: Sequence[LabelledPath],
    validation: Sequence[LabelledPath],
    recipe: Preprocessing,
    pool: ThreadPoolExecutor,
    interrupts: Interrupts,
) -> tuple[Images, Images]:
    from mobilenet_cli.training.whole.in_tensorflow.batches import KEPT_BYTES, Images

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
