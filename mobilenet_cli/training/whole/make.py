"""The other way to train: all of the network's weights, and a new head (`--fine-tune`)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.building import FOLDERS, compile_network
from mobilenet_cli.models.manifest import Network
from mobilenet_cli.progress import Note, Progress
from mobilenet_cli.records import NetworkKind
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.training.curve import Chart, Series
from mobilenet_cli.training.job import Job, Made
from mobilenet_cli.training.whole.options import FineTuning, History, LabelledPath, fine_tune

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
            facts = compile_network(process, folder / name, folder, kind, size, size)
            networks[kind] = Network(
                source=f"mnclassify train --fine-tune -m {valid_utf8(job.base.name)}",
                saved_model=name,
                width=facts["width"],
                output="logits" if kind == "classification" else "features",
                compiled={str(size): facts["compiled"]},
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
