"""Name → a model that is ready to run."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from mobilenet_cli.engines import Engine, EngineName
from mobilenet_cli.errors import InputError, ModelError, StoreError, UnavailableError
from mobilenet_cli.models import registry, store, unavailable
from mobilenet_cli.models.labels import IMAGENET, imagenet_labels, numbered_labels, read_labels
from mobilenet_cli.models.manifest import Manifest, Network
from mobilenet_cli.models.origin import Origin, origin_of
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import ClassName, NetworkKind


class ModelWarning(UserWarning):
    """Another model, or another engine, than the best one is used."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is ready to run.

    Attributes:
        name: What its records say.
        manifest: What it is.
        kind: Which of its networks runs.
        image_size: The side in pixels of the images it gets.
        engine: What runs it: "litert" or "tensorflow".
        folder: Where its files are.
    """

    name: str
    manifest: Manifest
    kind: NetworkKind
    image_size: int
    engine: EngineName
    folder: Path

    @property
    def network(self) -> Network:
        """The network that runs."""
        return self.manifest.networks[self.kind]

    @property
    def trained_at(self) -> float:
        """When a model of the user's own was trained, in seconds since the epoch; 0 where its name says what it is."""
        if self.manifest.training is None:
            return 0.0
        try:
            return (self.folder / self.manifest.labels).stat().st_mtime
        except OSError:
            return 0.0

    def open_engine(self) -> Engine:
        """Load it.

        Raises:
            ModelError: Its files cannot be loaded.
        """
        if self.engine == "tensorflow":
            from mobilenet_cli.engines.savedmodel import SavedModelEngine

            assert self.network.saved_model is not None  # noqa: S101 - `acquire` has seen to it
            return SavedModelEngine(self.folder / self.network.saved_model, self.image_size)
        from mobilenet_cli.engines.litert import LiteRTEngine

        file = self.network.compiled[str(self.image_size)].file
        assert file is not None  # noqa: S101 - likewise
        return LiteRTEngine(self.folder / file)

    def labels(self, file: Path | None = None) -> tuple[ClassName, ...]:
        """Return the name of each class: from a label file where one is given, else the model's own.

        Raises:
            ModelError: The file cannot be read or has another number of labels.
        """
        classes = self.network.width
        if file is not None:
            return read_labels(file, classes)
        if self.manifest.labels == IMAGENET:
            return imagenet_labels(classes)
        if self.manifest.labels:
            return read_labels(self.folder / self.manifest.labels, classes)
        return numbered_labels(classes)


def acquire(
    model: str,
    *,
    kind: NetworkKind = "classification",
    engine: EngineName = "auto",
    image_size: int | None = None,
    offline: bool = False,
    progress: Progress = lambda text, done, total: None,
) -> Model:
    """Return the model that `model` names, ready to run.

    What is in the store is used without touching the network or TensorFlow, and without writing. For "auto"
    that is mobilenet_v1_100_128 or, where no source has it or the store cannot take it and has the embedded
    model, that one with a ModelWarning.

    Args:
        model: A name, a handle or a path; see origin_of.
        kind: Which of its networks.
        engine: What is to run it; "auto" is LiteRT where it compiles.
        image_size: The side of its input in pixels; None: its own.
        offline: Ask no source that needs the network; likewise where $MNCLASSIFY_OFFLINE is set.
        progress: Called as long work proceeds.

    Raises:
        InputError: The image size is out of range.
        ModelError: The model is unavailable, or does not fit; the message lists what was tried.
        StoreError: The store cannot be read, or not be written where it has to be.
        ProcessError: TensorFlow's process died.
    """
    if image_size is not None and image_size not in registry.IMAGE_SIZES:
        sizes = registry.IMAGE_SIZES
        raise InputError(f"the image size {image_size} is out of range: {sizes.start} to {sizes.stop - 1} pixels")
    from mobilenet_cli.models.making import obtain

    offline = offline or os.environ.get("MNCLASSIFY_OFFLINE", "").lower() not in ("", "0", "false", "no")
    if model == registry.AUTO:
        origin, manifest = _auto(kind, image_size, offline, progress)
    else:
        origin = origin_of(model)
        if origin.local is not None and origin.local.form == "model":
            return _in_place(origin, kind, engine, image_size, progress)
        manifest = obtain(origin, kind, image_size, progress, offline=offline)
    return _ready(origin, manifest, kind, engine, image_size, progress)


def _ready(
    origin: Origin,
    manifest: Manifest,
    kind: NetworkKind,
    engine: EngineName,
    image_size: int | None,
    progress: Progress,
) -> Model:
    """Return a model that is in the store, compiled if need be."""
    from mobilenet_cli.models.making import compiled_for

    size = image_size or manifest.image_size
    if engine != "tensorflow":
        manifest = compiled_for(manifest, kind, size, progress)
    return _chosen(Model(origin.name, manifest, kind, size, engine, store.folder_of(manifest.name)))


def _in_place(
    origin: Origin, kind: NetworkKind, engine: EngineName, image_size: int | None, progress: Progress
) -> Model:
    """Return a model that `train` has written, where it is; for another image size, compiled in the store."""
    from mobilenet_cli.models import in_place

    assert origin.local is not None  # noqa: S101 - the caller has seen to it
    manifest = in_place.read(origin.local.path, kind)
    size = image_size or manifest.image_size
    if engine != "tensorflow" and str(size) not in manifest.networks[kind].compiled:
        return _ready(origin, in_place.adopted(origin, manifest, progress), kind, engine, size, progress)
    return _chosen(Model(origin.name, manifest, kind, size, engine, origin.local.path))


def _chosen(model: Model) -> Model:
    """Return the model with the engine that is to run it, which it has been compiled for."""
    network = model.network
    if model.engine == "tensorflow":
        if network.saved_model is None:
            raise ModelError(f"{model.name} is a compiled file without a SavedModel, so TensorFlow cannot run it")
        return model
    failure = network.compiled[str(model.image_size)].failure
    if failure is None:
        return replace(model, engine="litert")
    if model.engine == "litert":
        raise ModelError(f"{model.name} does not run in LiteRT: {failure}; --engine tensorflow runs it")
    warnings.warn(f"{model.name} runs in TensorFlow, since {failure}", ModelWarning, stacklevel=4)
    return replace(model, engine="tensorflow")


def _auto(kind: NetworkKind, image_size: int | None, offline: bool, progress: Progress) -> tuple[Origin, Manifest]:
    from mobilenet_cli.models.making import obtain

    main = origin_of(registry.MAIN)
    embedded = origin_of(registry.EMBEDDED)
    reason = None if _is_stored(main, kind) else unavailable.remembered(main, kind)
    if reason is None:
        try:
            return main, obtain(main, kind, image_size, progress, offline=offline)
        except UnavailableError as error:
            reason = "; ".join(error.reasons)
            if not offline:
                unavailable.remember(main, kind, reason)
        except StoreError as error:
            if not _is_stored(embedded, kind):
                raise
            reason = str(error)
    warnings.warn(
        f"using the embedded model, {embedded.name}, since {main.name} is unavailable ({reason}); "
        f"-m {embedded.name} chooses it without asking, -m {main.name} tries again",
        ModelWarning,
        stacklevel=3,
    )
    return embedded, obtain(embedded, kind, image_size, progress, offline=offline)


def _is_stored(origin: Origin, kind: NetworkKind) -> bool:
    manifest = store.find(origin.key)
    return manifest is not None and kind in manifest.networks
