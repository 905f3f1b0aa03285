"""The other way to train (`--fine-tune`): all of the network's weights, and a new head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow.limits import BUILDING
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.building import as_recorded, compile_network
from mobilenet_cli.models.manifest import FOLDERS, Network
from mobilenet_cli.progress import Note, Progress
from mobilenet_cli.records import NetworkKind
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.training.curve import Chart, Series
from mobilenet_cli.training.job import Job, Made
from mobilenet_cli.training.whole.in_tensorflow.tuning import tune
from mobilenet_cli.training.whole.options import FineTuning, History, LabelledPath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def make_fine_tuned(job: Job, folder: Path, progress: Progress, note: Note, options: FineTuning) -> Made:
    """Train the whole network, and write it as SavedModels and compiled.

    Args:
        job: The training, with a single split.
        folder: Where the networks go.
        progress: Called with the progress of what takes long.
        note: Called with each epoch's figures, one line each.
        options: How to train.

    Raises:
        KeyboardInterrupt: Ctrl-C came before there was anything to keep.
        ModelError: The network cannot be trained.
    """
    ((train, validation),) = job.splits
    size = job.base.image_size
    with TensorFlowProcess(progress, note) as process:
        history = fine_tune(
            job.saved_model,
            folder,
            process,
            train=_labelled_paths(job, train),
            validation=_labelled_paths(job, validation),
            classes=len(job.classes),
            preprocessing=job.preprocessing,
            options=options,
            seed=job.seed,
            summaries=job.summaries,
        )
        networks: dict[NetworkKind, Network] = {}
        for kind, name in FOLDERS.items():
            progress("compiling the network", None, None)
            with process.within(BUILDING):
                result = compile_network(process, folder / name, folder, kind, size, size)
            networks[kind] = Network(
                source=f"mnclassify train --fine-tune -m {valid_utf8(job.base.name)}",
                saved_model=name,
                width=result.width,
                output="logits" if kind == "classification" else "features",
                compiled={str(size): as_recorded(result)},
            )
    return Made(
        method="fine-tuned",
        networks=networks,
        metrics=_metrics(history),
        details={
            "options": asdict(options),
            "epochs": [asdict(epoch) for epoch in history.epochs],
            "best_epoch": history.best_epoch,
        },
        charts=_charts(history),
        temperature=history.temperature,
        interrupted=history.interrupted,
    )


def fine_tune(
    saved_model: Path,
    folder: Path,
    process: TensorFlowProcess,
    *,
    train: Sequence[LabelledPath],
    validation: Sequence[LabelledPath],
    classes: int,
    preprocessing: Preprocessing,
    options: FineTuning,
    seed: int = 0,
    summaries: str | None = None,
) -> History:
    """Train all of a network's weights, and a new head on it, and save the best as two SavedModels.

    The same arguments give the same weights on the same machine. `process` reports the progress of each stage in
    images, and notes each epoch's figures. SIGINT (Ctrl-C) ends the training after the current step and keeps the
    best epoch's weights; a second one raises KeyboardInterrupt.

    Args:
        saved_model: The network's SavedModel in TF Hub's form. Its output is features (or logits, which are used as
            features), float32 [N, C], and it lists its `trainable_variables`.
        folder: Gets `saved_model`, whose output is the logits of the new classes, and `feature_vector`, both with
            the hub's interface (see `hub_module.save_function`).
        process: The process in which TensorFlow runs.
        train: The training images; at least one.
        validation: The images that choose the best epoch; may be empty.
        classes: The number of classes.
        preprocessing: How images become the network's input.
        options: How to train.
        seed: Seed of the head's first weights, the order of the images, the dropout and the augmentation.
        summaries: A folder for TensorBoard's event files; None to write none.

    Raises:
        ModelError: The network cannot be trained, an image cannot be read, or the loss is not finite.
        OutputError: The summaries cannot be written.
        KeyboardInterrupt: SIGINT came before the first epoch was done, or twice.
    """
    with process.interruptible():
        history = process.call(
            tune,
            saved_model,
            folder,
            train=train,
            validation=validation,
            classes=classes,
            preprocessing=preprocessing,
            options=options,
            seed=seed,
            summaries=summaries,
        )
    if history is None:
        raise KeyboardInterrupt
    return history


def _labelled_paths(job: Job, places: NDArray[np.int64]) -> list[LabelledPath]:
    labels = job.examples.labels
    return [(job.examples.paths[place], int(labels[place])) for place in places.tolist()]


def _metrics(history: History) -> dict[str, float | None]:
    """Return the figures of the best epoch, whose weights were kept."""
    best = history.epochs[history.best_epoch - 1]
    return {
        "validation_top_1": best.validation_accuracy,
        "validation_loss": best.validation_loss,
        "training_top_1": best.accuracy,
        "training_loss": best.loss,
    }


def _charts(history: History) -> tuple[Chart, ...]:
    epochs, chosen = history.epochs, history.best_epoch - 1
    xs = tuple(str(number) for number in range(1, len(epochs) + 1))
    loss = (
        Series("validation", tuple(epoch.validation_loss for epoch in epochs)),
        Series("training", tuple(epoch.loss for epoch in epochs)),
    )
    accuracy = (
        Series("validation", tuple(epoch.validation_accuracy for epoch in epochs)),
        Series("training", tuple(epoch.accuracy for epoch in epochs)),
    )
    return (
        Chart("Loss (cross-entropy)", "epoch", xs, loss, "number", chosen),
        Chart("Top-1 accuracy", "epoch", xs, accuracy, "percent", chosen),
    )
