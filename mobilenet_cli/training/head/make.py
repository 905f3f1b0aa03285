"""The default way to train: a new head on the features of a network, which stays as it is."""

from __future__ import annotations

import shutil
from concurrent.futures import Future
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines import open_compiled
from mobilenet_cli.engines.check import BOUND, random_images, relative_difference
from mobilenet_cli.models.manifest import FOLDERS, SUFFIXES, Compiled, Network
from mobilenet_cli.progress import Note, Progress
from mobilenet_cli.records import NetworkKind
from mobilenet_cli.tensorflow_files.compiled_head import with_head
from mobilenet_cli.tensorflow_files.summaries import Summaries
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.training.curve import Chart, Series
from mobilenet_cli.training.head.fit import Fit, LinearHead, fit_head
from mobilenet_cli.training.head.template import HeadTemplate
from mobilenet_cli.training.job import Job, Made
from mobilenet_cli.training.temperature import validated_temperature

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FITTING = "fitting the head"


def make_head(job: Job, folder: Path, progress: Progress, note: Note, template: Future[HeadTemplate]) -> Made:
    """Fit a head, and write two networks: the base network with the head, and the base network for feature vectors.

    Both are written as a SavedModel and, where the base is compiled, compiled.

    Args:
        job: The training.
        folder: Where the networks go.
        progress: Called with the progress of what takes long.
        note: Called once if the training is interrupted.
        template: The base network with a head to fill in, which may still be in preparation.

    Raises:
        KeyboardInterrupt: Ctrl-C came before there was a head.
        OutputError: The summaries cannot be written.
        ModelError: The base network does not take a head.
    """
    fit = fit_head(job.examples.features, job.examples.labels, job.splits, partial(progress, _FITTING))
    interrupted = fit.interrupted
    if interrupted:
        note("interrupted: writing the best head so far")
    try:
        if not template.done():
            progress("preparing the network for a new head (once)", None, None)
        ready = template.result()
    except KeyboardInterrupt:
        interrupted = True
        progress("interrupted: waiting for the network, to write the head (Ctrl-C again gives it up)", None, None)
        ready = template.result()
    progress("writing the model", None, None)
    networks: dict[NetworkKind, Network] = {
        "classification": _classifier(job, fit.head, ready, folder),
        "feature_vector": _copied(job, folder),
    }
    if job.summaries is not None:
        _write_summaries(fit, Summaries(job.summaries))
    return Made(
        method="head",
        networks=networks,
        metrics={
            "validation_top_1": fit.best.validation.accuracy,
            "validation_loss": fit.best.validation.loss,
            "training_top_1": fit.best.training.accuracy,
            "training_loss": fit.best.training.loss,
        },
        details={"c": fit.best.c, "tried": [asdict(candidate) for candidate in fit.candidates]},
        charts=_charts(fit),
        temperature=validated_temperature(fit.validation_logits, fit.validation_labels.tolist()),
        interrupted=interrupted,
    )


def _classifier(job: Job, head: LinearHead, template: HeadTemplate, folder: Path) -> Network:
    """Write the base network with the head."""
    template.fill_in(folder / FOLDERS["classification"], head.kernel, head.bias)
    size = str(job.base.image_size)
    compiled = {}
    if base := job.base.network.compiled.get(size):
        if base.file is not None:
            base = _compiled(job.base.folder / base.file, head, template.expected_features(), folder, int(size))
        compiled = {size: base}
    return Network(
        source=f"mnclassify train -m {valid_utf8(job.base.name)}",
        saved_model=FOLDERS["classification"],
        width=len(head.bias),
        output="logits",
        compiled=compiled,
    )


def _compiled(base: Path, head: LinearHead, features: NDArray[np.float32], folder: Path, size: int) -> Compiled:
    """Put the head into the compiled base network, and keep the file if it computes what the SavedModel does.

    Args:
        base: The compiled base network.
        head: The head.
        features: The SavedModel's features of `random_images`, float32 [N, features].
        folder: Where the file goes.
        size: Side of the images in pixels.
    """
    file = folder / f"{size}{SUFFIXES['classification']}"
    file.write_bytes(with_head(base.read_bytes(), head.kernel, head.bias))
    outputs = open_compiled(file, size).session()(random_images(size))
    difference = relative_difference(outputs, features @ head.kernel + head.bias)
    if difference <= BOUND:
        return Compiled(file.name, difference)
    file.unlink()
    return Compiled(None, None, f"the compiled head's output differs by {difference:.2g} of its range")


def _copied(job: Job, folder: Path) -> Network:
    """Copy the base network, which also makes the new model's feature vectors."""
    destination = folder / FOLDERS["feature_vector"]
    shutil.copytree(job.saved_model, destination)
    size = str(job.base.image_size)
    compiled = {}
    if base := job.base.network.compiled.get(size):
        if base.file is not None:
            file = f"{size}{SUFFIXES['feature_vector']}"
            shutil.copyfile(job.base.folder / base.file, folder / file)
            base = replace(base, file=file)
        compiled = {size: base}
    return replace(job.base.network, saved_model=destination.name, compiled=compiled)


def _write_summaries(fit: Fit, summaries: Summaries) -> None:
    for step, candidate in enumerate(fit.candidates):
        for run, score in (("training", candidate.training), ("validation", candidate.validation)):
            summaries.add(run, step, asdict(score) | {"c": candidate.c})


def _charts(fit: Fit) -> tuple[Chart, ...]:
    tried = fit.candidates
    xs = tuple(f"{candidate.c:g}" for candidate in tried)
    name, chosen = "C, the inverse of the regularisation", tried.index(fit.best)
    accuracy = (
        Series("validation", tuple(each.validation.accuracy for each in tried)),
        Series("training", tuple(each.training.accuracy for each in tried)),
    )
    loss = (
        Series("validation", tuple(each.validation.loss for each in tried)),
        Series("training", tuple(each.training.loss for each in tried)),
    )
    return (
        Chart("Loss (cross-entropy)", name, xs, loss, "number", chosen),
        Chart("Top-1 accuracy", name, xs, accuracy, "percent", chosen),
    )
