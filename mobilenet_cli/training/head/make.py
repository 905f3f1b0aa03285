"""The default way to train: a new head on the features of a network that stays as it is."""

from __future__ import annotations

import shutil
from concurrent.futures import Future
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines.check import BOUND, random_images, relative_difference
from mobilenet_cli.models.building import FOLDERS, SUFFIXES
from mobilenet_cli.models.manifest import Compiled, Network
from mobilenet_cli.progress import Note, Progress
from mobilenet_cli.records import NetworkKind
from mobilenet_cli.tensorflow_files.compiled_head import with_head
from mobilenet_cli.tensorflow_files.summaries import Summaries
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.training.curve import Chart, Series
from mobilenet_cli.training.head.fit import Fit, LinearHead, fit_head
from mobilenet_cli.training.head.template import HeadTemplate
from mobilenet_cli.training.job import Job, Made

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FITTING = "fitting the head"


def make_head(job: Job, folder: Path, progress: Progress, note: Note, template: Future[HeadTemplate]) -> Made:
    """Fit a head, and write it on the base network: as a SavedModel and compiled; with the network's features.

    Args:
        job: What to learn.
        folder: Where the networks go.
        progress: Called as long work proceeds.
        note: Told that it was interrupted.
        template: The base network's, being made.

    Raises:
        KeyboardInterrupt: Ctrl-C came before there was a head.
        OutputError: The summaries cannot be written.
        ModelError: The base network does not take a head.
    """
    fit = fit_head(job.examples.features, job.examples.labels, job.parts, partial(progress, _FITTING))
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
        interrupted=interrupted,
    )


def _classifier(job: Job, head: LinearHead, template: HeadTemplate, folder: Path) -> Network:
    """Write the base network with the head, as a SavedModel and, where the base is compiled, compiled."""
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
    """Compile the head, and compare what comes out with what the SavedModels give: `features`, and the head of them."""
    from mobilenet_cli.engines.litert import LiteRTEngine

    file = folder / f"{size}{SUFFIXES['classification']}"
    file.write_bytes(with_head(base.read_bytes(), head.kernel, head.bias))
    outputs = LiteRTEngine(file).session()(random_images(size))
    difference = relative_difference(outputs, features @ head.kernel + head.bias)
    if difference <= BOUND:
        return Compiled(file.name, difference)
    file.unlink()
    return Compiled(None, None, f"the compiled head's output differs by {difference:.2g} of its range")


def _copied(job: Job, folder: Path) -> Network:
    """Copy the base network, which makes the new model's feature vectors, too."""
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
