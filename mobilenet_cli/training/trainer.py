"""Training from start to end: images → features → split → networks → a model's folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.embedder import Embedder
from mobilenet_cli.engines import EngineName
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.images.preprocess import Crop, Preprocessing
from mobilenet_cli.machine.extras import has_tensorflow, without_tensorflow
from mobilenet_cli.models import AUTO
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.progress import Note, Progress, silent
from mobilenet_cli.training.background import in_background
from mobilenet_cli.training.dataset import check_counts, check_split, read_dataset
from mobilenet_cli.training.describe import describe_model
from mobilenet_cli.training.feature_cache import FeatureCache, cache_file
from mobilenet_cli.training.features import Examples, OnImage, check_images, compute_features
from mobilenet_cli.training.folders import first_few
from mobilenet_cli.training.head.make import make_head
from mobilenet_cli.training.head.template import HeadTemplate, head_template
from mobilenet_cli.training.job import Job, Made
from mobilenet_cli.training.output import check_output, check_summaries, new_model
from mobilenet_cli.training.record import network_digest
from mobilenet_cli.training.split import MOST_SEED, Validation, split_by
from mobilenet_cli.training.whole.make import make_fine_tuned
from mobilenet_cli.training.whole.options import FineTuning

if TYPE_CHECKING:
    from mobilenet_cli.training.split import Split

VALIDATION_SHARE = 0.2
_KEY = 24  # characters of a network's digest that distinguish it from others


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model.

    Attributes:
        folder: The model's folder, which `-m` takes.
        manifest: The model's manifest; its `training` has the metrics.
        left_out: The path of each image that was not learnt from, and the reason.
        interrupted: Whether Ctrl-C ended the training, so that this is the best model until then.
    """

    folder: Path
    manifest: Manifest
    left_out: tuple[tuple[str, str], ...]
    interrupted: bool


class Trainer:
    """Teaches a network the classes of the user's images.

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
        validation_share: float | None = None,
        folds: int | None = None,
        seed: int = 0,
        summaries: str | None = None,
        overwrite: bool = False,
        encoding: str | None = None,
        fine_tuning: FineTuning | None = None,
        progress: Progress = silent,
        network_input: Input | None = None,
        trust_model: bool = False,
    ) -> None:
        """Find the images and the network. Nothing is computed yet.

        Args:
            data: Folders with a folder per class, and CSVs: see `read_dataset`.
            output: The new model's folder, which appears when it is complete.
            model: The network to train on: a name, a TF Hub handle or a path, as for `Embedder`.
            engine: The engine that computes the features, as for `Embedder`.
            image_size: Side in pixels of the network's square input; None for the model's own.
            crop: "center", "squash" or "pad"; None for the model's own.
            offline: Download nothing.
            validation_share: Share of each class's images that validates, greater than 0 and less than 1; None for
                0.2, or for the split of the folders.
            folds: Cross-validate with this many folds instead, then learn from all images; not with `fine_tuning`.
            seed: Seed of everything random, from 0 to 2**32 - 1.
            summaries: A folder for TensorBoard's event files.
            overwrite: Whether to replace a model that is at `output`.
            encoding: The encoding of the CSVs; None to find it.
            fine_tuning: How to train the whole network; None to train a new head on its features.
            progress: Called with the progress of what takes long.
            network_input: The numbers that the network takes, as for `Embedder`: 0 to 1, or it cannot be trained on.
            trust_model: Whether Python code in a model file may run, as for `Embedder`.

        Raises:
            InputError: An argument is out of range, or the images cannot be learnt from.
            ModelError: The network is unavailable or cannot be trained on.
            NoTensorFlowError: TensorFlow is not installed.
            OutputError: `output` is taken or cannot be written, or the summaries cannot be written.
        """
        if not 0 <= seed <= MOST_SEED:
            raise InputError(f"the seed is a number from 0 to {MOST_SEED}, not {seed}")
        if folds is not None and fine_tuning is not None:
            raise InputError("a whole network is trained once, so there are no folds with it")
        if not has_tensorflow():  # scikit-learn comes with it
            raise without_tensorflow("training")
        self._validation = Validation(VALIDATION_SHARE if validation_share is None else validation_share, folds)
        self._target, self._overwrite = check_output(output, overwrite=overwrite), overwrite
        if summaries is not None:
            check_summaries(summaries)
        self._data, self._seed, self._summaries = list(data), seed, summaries
        self._fine_tuning = fine_tuning
        self.dataset = read_dataset(data, encoding=encoding)
        if self.dataset.validation and (validation_share is not None or folds is not None):
            raise InputError("the folders are split already: leave --validation-split and --folds out")
        self._validation.check_enough(len(self.dataset.sources))
        self._embedder = Embedder(
            model,
            engine=engine,
            image_size=image_size,
            crop=crop,
            offline=offline,
            progress=progress,
            network_input=network_input,
            trust_model=trust_model,
        )
        self._base = self._embedder.model
        self._saved_model = _saved_model_of(self._base)
        self._base.check_saved_model()
        manifest = self._base.manifest
        self._preprocessing = Preprocessing(self._base.image_size, crop or manifest.crop, manifest.interpolation)
        self._template: Future[HeadTemplate] | None = None
        self._examples: Examples | None = None

    def compute_features(
        self,
        on_image: OnImage = lambda failed: None,
        *,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Examples:
        """Read the images, and compute the features that are not cached. With `fine_tuning`, only read them.

        Args:
            on_image: Called with each image that is done: whether it failed.
            batch_size: As for `Embedder.embed`.
            workers: As for `Embedder.embed`.

        Raises:
            InputError: Too few images of a class can be read.
        """
        if self._fine_tuning is not None:
            examples = check_images(self.dataset, self._preprocessing, on_image, batch_size=batch_size, workers=workers)
        else:
            self._prepared_template()  # takes seconds of TensorFlow's time, while the features are computed
            file = cache_file(self._network_key(), self._preprocessing, self._base.engine)
            cache = FeatureCache(file, self._embedder.width)
            examples = compute_features(
                self.dataset, self._embedder, cache, on_image, batch_size=batch_size, workers=workers
            )
        try:
            if self.dataset.validation:
                check_split(self.dataset.classes, examples.labels.tolist(), self._validates(examples))
            else:
                check_counts(self.dataset.classes, examples.labels.tolist(), examples.kept_together)
        except InputError as error:
            if not examples.left_out:
                raise
            reasons = first_few(f"{path}: {reason}" for path, reason in examples.left_out)
            raise InputError(f"{error}\nleft out: {reasons}") from error
        self._examples = examples
        return examples

    def train(self, progress: Progress = silent, note: Note = lambda text: None) -> Trained:
        """Train, and write the model. Computes the features first if `compute_features` was not called.

        Args:
            progress: Called with the progress of what takes long.
            note: Called with each epoch's figures and with what went wrong, a line each.

        Raises:
            InputError: There are fewer different readable images than folds, or too few of a class.
            ModelError: The network cannot be trained, or does not take a new head.
            OutputError: The model or the summaries cannot be written.
            KeyboardInterrupt: Ctrl-C came before there was anything to keep.
        """
        examples = self._examples or self.compute_features()
        job = Job(
            base=self._base,
            saved_model=self._saved_model,
            preprocessing=self._preprocessing,
            classes=self.dataset.classes,
            examples=examples,
            splits=self._splits(examples),
            seed=self._seed,
            summaries=self._summaries,
        )
        with new_model(self._target, overwrite=self._overwrite) as folder:
            made = self._make(job, folder, progress, note)
            manifest = describe_model(job, made, folder, self._target.name, self._data)
        return Trained(self._target, manifest, examples.left_out, made.interrupted)

    def _splits(self, examples: Examples) -> tuple[Split, ...]:
        if self.dataset.validation:
            return (split_by(self._validates(examples)),)
        return self._validation.splits(examples.labels, examples.kept_together, self._seed)

    def _validates(self, examples: Examples) -> list[bool]:
        return [path in self.dataset.validation for path in examples.paths]

    def _make(self, job: Job, folder: Path, progress: Progress, note: Note) -> Made:
        if self._fine_tuning is not None:
            return make_fine_tuned(job, folder, progress, note, self._fine_tuning)
        return make_head(job, folder, progress, note, self._prepared_template())

    def _prepared_template(self) -> Future[HeadTemplate]:
        """Return the network with a head to fill in, which the first call starts to prepare in the background."""
        if self._template is None:
            self._template = in_background(
                lambda: head_template(self._network_key(), self._saved_model, self._base.image_size, silent)
            )
        return self._template

    def _network_key(self) -> str:
        return network_digest(self._base)[:_KEY]


def _saved_model_of(model: Model) -> Path:
    if model.network.saved_model is None:
        raise ModelError(f"{model.name} is a compiled file; to be trained on, it needs its SavedModel")
    if model.network.input is not None:
        raise ModelError(
            f"{model.name} takes {model.network.input}; only a network that takes 0 to 1 can be trained on"
        )
    return model.folder / model.network.saved_model
