"""The other way to train: all of the network's weights, and a new head (`--fine-tune`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.making import as_recorded, compile_network
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
    """Train the whole network, and write it: as SavedModels and compiled.

    Args:
        job: What to learn, in one part.
        folder: Where the networks go.
        progress: Called as long work proceeds.
        note: Told what each epoch came to.
        options: How to train.

    Raises:
        KeyboardInterrupt: Ctrl-C came before there was anything to keep.
        ModelError: The network cannot be trained.
    """
    ((train, validation),) = job.parts
    size = job.base.image_size
    with TensorFlowProcess(progress, note) as process:
        history = fine_tune(
            job.saved_model,
            folder,
            process,
            train=_examples(job, train),
            validation=_examples(job, validation),
            classes=len(job.classes),
            preprocessing=job.preprocessing,
            options=options,
            seed=job.seed,
            summaries=job.summaries,
        )
        networks: dict[NetworkKind, Network] = {}
        for kind, name in FOLDERS.items():
            progress("compiling the network", None, None)
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

    The same arguments give the same weights on the same machine. `process` shows each stage with how many of its
    images are done, and notes each epoch's figures. SIGINT (Ctrl-C) ends the training after the step that is under
    way and keeps the best epoch's weights; a second one raises KeyboardInterrupt.

    Args:
        saved_model: The network's SavedModel, as TF Hub's: it puts out features (or logits, which are then
            taken for features), float32 [N, C], and lists its `trainable_variables`.
        folder: Gets `saved_model`, which puts out the new classes' logits, and `feature_vector`, both with
            the hub's interface (see hub_module.save_function).
        process: Where TensorFlow runs.
        train: What to learn from; at least one.
        validation: What to choose the best epoch by; may be empty.
        classes: How many there are; the examples' indices are less.
        preprocessing: How images become the network's input.
        options: How to train.
        seed: Of the head's first weights, the order of the images, the dropout and the augmentation.
        summaries: A folder for TensorBoard's event files; None: none are written.

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


def _examples(job: Job, places: NDArray[np.int64]) -> list[LabelledPath]:
    labels = job.examples.labels
    return [(job.examples.paths[place], int(labels[place])) for place in places.tolist()]


def _metrics(history: History) -> dict[str, float | None]:
    """Return the figures of the epoch that was kept."""
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
