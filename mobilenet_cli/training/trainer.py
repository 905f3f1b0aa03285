"""Training from beginning to end: images → features → split → networks → a model's folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mobilenet_cli.embedder import Embedder
from mobilenet_cli.engines import EngineName
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.images.preprocess import Crop, Preprocessing
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.registry import AUTO
from mobilenet_cli.progress import Note, Progress
from mobilenet_cli.training.dataset import check_counts, listing, read_dataset
from mobilenet_cli.training.describe import describe
from mobilenet_cli.training.feature_cache import FeatureCache, cache_file
from mobilenet_cli.training.features import Examples, OnImage, check_images, compute_features
from mobilenet_cli.training.head.make import make_head
from mobilenet_cli.training.head.template import HeadTemplate, head_template
from mobilenet_cli.training.job import Job, Maker
from mobilenet_cli.training.output import check_output, check_summaries, new_model
from mobilenet_cli.training.record import network_digest
from mobilenet_cli.training.split import MOST_SEED, check_folds, check_share, stratified_folds, stratified_split
from mobilenet_cli.training.whole.make import make_fine_tuned
from mobilenet_cli.training.whole.options import FineTuning

VALIDATION_SHARE = 0.2
_KEY = 24  # characters of a network's digest that tell it from others
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was trained.

    Attributes:
        folder: Where it is: what `-m` takes.
        manifest: What it is; its `training` has the metrics.
        left_out: The path of each image that was not learnt from, and why.
        interrupted: Whether Ctrl-C ended the training, and it is the best so far.
    """

    folder: Path
    manifest: Manifest
    left_out: tuple[tuple[str, str], ...]
    interrupted: bool


class Trainer:
    """Teaches a network the classes of a user's images.

    >>> from mobilenet_cli import Trainer
    >>> trainer = Trainer(["photos/"], "cats-and-dogs", model="efficientnet_lite0")
    >>> trainer.compute_features()
    >>> trainer.train().manifest.training["metrics"]

    Attributes:
        dataset: The images and classes that were found.
    """

    def __init__(
        self,
        data: Sequence[str],
        output: str | os.PathLike[str],
        *,
        model: str | os.PathLike[str] = AUTO,
        engine: EngineName = "auto",
        image_size: int | None = None,
        crop: Crop | None = None,
        offline: bool = False,
        validation_share: float = VALIDATION_SHARE,
        folds: int | None = None,
        seed: int = 0,
        summaries: str | None = None,
        overwrite: bool = False,
        fine_tuning: FineTuning | None = None,
        progress: Progress = lambda text, done, total: None,
    ) -> None:
        """Find the images and the network.

        Args:
            data: Folders and tables: see read_dataset.
            output: The folder of the new model, which appears when it is complete.
            model: Whose features: see Embedder, also for engine, image_size, crop, offline.
            engine: See model.
            image_size: See model.
            crop: See model.
            offline: See model.
            validation_share: The share of each class's images that validates.
            folds: Validate by cross-validation with so many folds instead, and learn from all images then; not
                with fine_tuning.
            seed: Of everything that is random, 0 or more.
            summaries: A folder for TensorBoard's event files.
            overwrite: Replace the model that is at `output`.
            fine_tuning: Train the whole network, and how; None: a new head on its features as they are.
            progress: Called as long work proceeds.

        Raises:
            InputError: An argument is out of range, or the data are not fit to learn from.
            ModelError: The network is unavailable, or is not one that can be trained on.
            OutputError: There is something at `output`, or the summaries cannot be written.
        """
        if not 0 <= seed <= MOST_SEED:
            raise InputError(f"the seed is a number from 0 to {MOST_SEED}, not {seed}")
        if folds is not None and fine_tuning is not None:
            raise InputError("a whole network is trained once, so there are no folds with it")
        check_share(validation_share)
        self._target, self._overwrite = check_output(output, overwrite=overwrite), overwrite
        if summaries is not None:
            check_summaries(summaries)
        self._data, self._seed, self._summaries = list(data), seed, summaries
        self.dataset = read_dataset(data)
        if folds is not None:
            check_folds(folds, len(self.dataset.sources))
        self._split: Callable[..., Any] = (
            partial(_folds, folds=folds) if folds is not None else partial(_one_part, share=validation_share)
        )
        self._embedder = Embedder(
            model, engine=engine, image_size=image_size, crop=crop, offline=offline, progress=progress
        )
        base = self._embedder.model
        if base.network.saved_model is None:
            raise ModelError(f"{base.name} is a compiled file; to be trained on, it needs its SavedModel")
        self._saved_model = base.folder / base.network.saved_model
        manifest = base.manifest
        self._preprocessing = Preprocessing(base.image_size, crop or manifest.crop, manifest.interpolation)
        self._features_needed = fine_tuning is None
        self._maker: Maker = (
            partial(make_fine_tuned, options=fine_tuning)
            if fine_tuning is not None
            else partial(make_head, template=self._template())
        )
        self._examples: Examples | None = None

    def compute_features(
        self,
        on_image: OnImage = lambda failed: None,
        *,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Examples:
        """Read the images, and compute those features that are not cached; with fine_tuning, no features.

        Args:
            on_image: Told of each image that is done.
            batch_size: As Embedder.embed.
            workers: As Embedder.embed.

        Raises:
            InputError: Too few images of a class can be read.
        """
        pace = {"batch_size": batch_size, "workers": workers}
        if self._features_needed:
            base = self._embedder.model
            file = cache_file(network_digest(base)[:_KEY], self._preprocessing, base.engine)
            cache = FeatureCache(file, self._embedder.width)
            examples = compute_features(self.dataset, self._embedder, cache, on_image, **pace)
        else:
            examples = check_images(self.dataset, self._preprocessing, on_image, **pace)
        try:
            check_counts(self.dataset.classes, examples.labels.tolist(), examples.digests)
        except InputError as error:
            if not examples.left_out:
                raise
            reasons = listing(f"{path}: {reason}" for path, reason in examples.left_out)
            raise InputError(f"{error}\nleft out: {reasons}") from error
        self._examples = examples
        return examples

    def train(self, progress: Progress = lambda text, done, total: None, note: Note = lambda text: None) -> Trained:
        """Train, and write the model.

        Args:
            progress: Called as long work proceeds.
            note: Told what each epoch came to, and what went wrong, a line each.

        Raises:
            InputError: There are fewer different images that can be read than folds.
            ModelError: The network does not take a head.
            OutputError: The model cannot be written.
            KeyboardInterrupt: Before there was anything to keep.
        """
        examples = self._examples or self.compute_features()
        job = Job(
            base=self._embedder.model,
            saved_model=self._saved_model,
            preprocessing=self._preprocessing,
            classes=self.dataset.classes,
            examples=examples,
            parts=self._split(examples, seed=self._seed),
            seed=self._seed,
            summaries=self._summaries,
        )
        with new_model(self._target, overwrite=self._overwrite) as folder:
            made = self._maker(job, folder, progress, note)
            manifest = describe(job, made, folder, self._target.name, self._data)
        return Trained(self._target, manifest, examples.left_out, made.interrupted)

    def _template(self) -> Future[HeadTemplate]:
        base = self._embedder.model
        return _in_background(
            lambda: head_template(
                network_digest(base)[:_KEY], self._saved_model, base.image_size, lambda text, done, total: None
            )
        )


def _one_part(examples: Examples, *, seed: int, share: float) -> tuple[Any, ...]:
    return (stratified_split(examples.labels, examples.digests, share, seed),)


def _folds(examples: Examples, *, seed: int, folds: int) -> tuple[Any, ...]:
    return tuple(stratified_folds(examples.labels, examples.digests, folds, seed))


def _in_background(work: Callable[[], _Value]) -> Future[_Value]:
    """Begin with some work in a thread that does not hold up the end of the program."""
    future: Future[_Value] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whatever it is: whoever waits for the result gets it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
