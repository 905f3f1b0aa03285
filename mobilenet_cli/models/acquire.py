"""Name → a model that is ready to run."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines import ENGINES, REFERENCE, Engine, EngineName, engine_for, opens_compiled
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import DEFAULT, Precision, unsuited
from mobilenet_cli.errors import (
    FallbackWarning,
    InputError,
    ModelError,
    ModelWarning,
    NoTensorFlowError,
    StoreError,
    UnavailableError,
)
from mobilenet_cli.machine.extras import has_tensorflow, without_tensorflow
from mobilenet_cli.models import AUTO, STORES_OWN, registry, store
from mobilenet_cli.models.checked import check_file, check_network, trial_of
from mobilenet_cli.models.labels import IMAGENET, imagenet_labels, numbered_labels, read_labels, stored_labels
from mobilenet_cli.models.making import obtain
from mobilenet_cli.models.manifest import Compiled, Manifest, Network
from mobilenet_cli.models.origin import Origin, origin_of
from mobilenet_cli.models.variants import Photographs
from mobilenet_cli.models.wanted import Wanted
from mobilenet_cli.progress import Progress, silent
from mobilenet_cli.records import ClassName, NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.trial import Trial


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is ready to run.

    Attributes:
        name: The name in its records.
        manifest: Its facts.
        kind: Which of its networks runs.
        image_size: The side in pixels of the images it gets.
        engine: The name of the engine that runs it, never "auto".
        folder: The folder of its files.
        precision: At which precision it runs; it is in the name unless it is float32.
        is_trusted: Whether Python code and operations in it that could act on this machine may run.
    """

    name: str
    manifest: Manifest
    kind: NetworkKind
    image_size: int
    engine: EngineName
    folder: Path
    precision: Precision = DEFAULT
    is_trusted: bool = False

    @property
    def network(self) -> Network:
        """The network that runs."""
        return self.manifest.networks[self.kind]

    @property
    def made_at(self) -> float:
        """When a model was made on the user's photographs, in seconds since the epoch; 0 for any other model.

        It was trained on them, or rounded to another precision.

        Another one may have had its name before.
        """
        variant = self._compiled.variants.get(self.precision) if self._compiled else None
        files = [self.manifest.labels] if self.manifest.training is not None else []
        files += [variant.file] if variant is not None and variant.photographs else []
        return max((_modified(self.folder / file) for file in files), default=0.0)

    @property
    def rounded_on(self) -> tuple[str, str] | None:
        """The user's folder of photographs that the network was rounded on and their hash; None: it was on none."""
        variant = self._compiled.variants.get(self.precision) if self._compiled else None
        return (variant.folder, variant.photographs) if variant is not None and variant.photographs else None

    @property
    def _compiled(self) -> Compiled | None:
        return self.network.compiled.get(str(self.image_size))

    @property
    def temperature(self) -> float:
        """The divisor of the network's logits that makes its scores mean what they say; 1 leaves them as they are."""
        return registry.temperature_of(self.manifest)

    @property
    def trial(self) -> Trial:
        """Which of its files its engine opens, and how."""
        return trial_of(
            self.manifest,
            self.folder,
            self.kind,
            self.image_size,
            self.engine,
            self.precision,
            is_trusted=self.is_trusted,
        )

    def open_engine(self) -> Engine:
        """Load it, after a look at whether its files are those that were recorded, and were tried before.

        Raises:
            ModelError: Its files have changed, or cannot be loaded.
        """
        check_network(self.trial, self.manifest, self.folder)
        return self.open_unchecked()

    def open_unchecked(self) -> Engine:
        """Load it where `open_engine` has loaded the same files before, on another machine. Raises as that does."""
        trial = self.trial
        return ENGINES[self.engine].open(trial.path, trial.image_size, trial.taken, trial.precision)

    def check_saved_model(self) -> None:
        """Check the SavedModel that it has, as `open_engine` does, for who loads that in another process.

        Raises:
            ModelError: It has changed, or may not be loaded.
        """
        trial = trial_of(self.manifest, self.folder, self.kind, self.image_size, REFERENCE, is_trusted=self.is_trusted)
        check_network(trial, self.manifest, self.folder)

    def labels(self, file: Path | None = None) -> tuple[ClassName, ...]:
        """Return the name of each class: from a label file where one is given, else the model's own.

        Raises:
            ModelError: The file cannot be read or has another number of labels.
        """
        classes = self.network.classes
        if file is not None:
            return read_labels(file, classes)
        if self.manifest.labels == IMAGENET:
            return imagenet_labels(classes)
        if self.manifest.labels:
            check_file(self.manifest, self.folder, self.manifest.labels)
            return stored_labels(self.folder / self.manifest.labels, classes)
        return numbered_labels(classes)


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def check_takes_temperature(model: Model) -> None:
    """Check that a model's outputs can be divided by a temperature.

    Raises:
        InputError: They are scores already.
    """
    if model.network.output != "logits":
        raise InputError(f"{model.name} puts out {model.network.output}: a temperature divides logits")


def acquire(
    model: str,
    *,
    kind: NetworkKind = "classification",
    engine: EngineName = "auto",
    image_size: int | None = None,
    offline: bool = False,
    progress: Progress = silent,
    network_input: Input | None = None,
    trust_model: bool = False,
    precision: Precision = DEFAULT,
    precision_photos: str | os.PathLike[str] | None = None,
) -> Model:
    """Return the model that `model` names, ready to run.

    A model in the store is used without asking a server, without TensorFlow and without writing. "auto" is
    mobilenet_v1_100_128. Where no source has that, or the store cannot be written and has the embedded model, it
    is the embedded model, with a ModelWarning.

    Args:
        model: A name, a handle or a path; see origin_of.
        kind: Which of its networks.
        engine: The engine to run it; "auto" is LiteRT where the model compiles.
        image_size: The side of its input in pixels; None: its own.
        offline: Ask no server for it; the same where $MNCLASSIFY_OFFLINE is set.
        progress: Called as long work proceeds.
        network_input: The numbers that the model's file takes, for a model that is given by its path; None: found.
        trust_model: Whether Python code in a model file (a Lambda layer of Keras) may run.
        precision: The type of the numbers that it multiplies. Where the processor has no instructions for it, it is
            float32, with a ModelWarning.
        precision_photos: A folder of photographs on which to round the network to bfloat16 or int8; None: those that
            it was rounded on before or, the first time, those of this package.

    Raises:
        InputError: The image size is out of range, the model's input is known already, the engine does not run the
            precision or is not installed, or the folder has too few photographs.
        ModelError: The model is unavailable, or does not fit; the message lists what was tried.
        StoreError: The store cannot be read, or not be written where it has to be.
        ProcessError: TensorFlow's process died.
        NoTensorFlowError: TensorFlow is needed to make or run it, and is not installed.
    """
    if image_size is not None and image_size not in registry.IMAGE_SIZES:
        sizes = registry.IMAGE_SIZES
        raise InputError(f"the image size {image_size} is out of range: {sizes.start} to {sizes.stop - 1} pixels")
    if model == AUTO and network_input is not None:
        raise InputError(f"what {model} takes is known; an input range is for a model that is given by its path")
    offline = offline or os.environ.get("MNCLASSIFY_OFFLINE", "").lower() not in ("", "0", "false", "no")
    if precision_photos is not None and precision == DEFAULT:
        raise InputError(f"precision_photos goes with bfloat16 and int8, not with {precision}")
    precision, lack = _fitting(engine, precision)
    photographs = None if precision_photos is None or precision == DEFAULT else Photographs.in_folder(precision_photos)
    wanted = Wanted(kind, image_size, opens_compiled(engine), offline, progress, precision, photographs)
    origin, manifest, folder = (
        _auto(wanted) if model == AUTO else _found(origin_of(model, network_input, is_trusted=trust_model), wanted)
    )
    if lack is not None:
        warnings.warn(f"{origin.name} runs at {DEFAULT}, since {lack}", ModelWarning, stacklevel=2)
    if origin.local is not None:
        from mobilenet_cli.models.building import warn_of_guess

        # Each time, since its user may have seen no other run.
        warn_of_guess(origin.name, manifest.networks[kind], manifest.image_size if image_size is None else None)
    name = origin.name if precision == DEFAULT else f"{origin.name}@{precision}"
    size = image_size or manifest.image_size
    return _chosen(Model(name, manifest, kind, size, engine, folder, precision, trust_model))


def _fitting(engine: EngineName, precision: Precision) -> tuple[Precision, str | None]:
    """Return the precision at which a model runs here and why it is not the one that was asked for, or None.

    Raises:
        InputError: The engine does not run it, or is not installed.
    """
    engine_for(engine, precision)
    if (lack := unsuited(precision)) is not None:
        precision = DEFAULT
    ENGINES[engine_for(engine, precision)].check_installed()
    return precision, lack


def _found(origin: Origin, wanted: Wanted) -> tuple[Origin, Manifest, Path]:
    """Return the origin with its model, which has the wanted network, and the folder of the model's files.

    That is the store's folder or, for a model that `train` wrote, its own; what it is not compiled for there goes
    into the store.
    """
    if origin.local is not None and origin.local.is_trained:
        from mobilenet_cli.models import in_place

        folder = origin.local.path
        manifest = in_place.read(folder, wanted.kind)
        if wanted.is_in(manifest):
            return origin, manifest, folder
        in_place.adopt(origin, folder, manifest, wanted.progress)
    manifest = obtain(origin, wanted)
    return origin, manifest, store.folder_of(manifest.name)


def _chosen(model: Model) -> Model:
    """Return the model with the engine that is to run it, for which it has been compiled."""
    network, reference = model.network, ENGINES[REFERENCE]
    if not opens_compiled(model.engine):
        if network.saved_model is None:
            title = ENGINES[model.engine].title
            raise ModelError(f"{model.name} is a compiled file without a SavedModel, so {title} cannot run it")
        return model
    engine = engine_for(model.engine, model.precision)
    failure = network.compiled[str(model.image_size)].failure
    if failure is None:
        return replace(model, engine=engine)
    if model.engine != "auto" or model.precision != DEFAULT:
        title = ENGINES[engine].title
        raise ModelError(f"{model.name} does not run in {title}: {failure}; --engine {REFERENCE} runs it at {DEFAULT}")
    if not has_tensorflow():
        raise without_tensorflow(f"{model.name} does not run in {ENGINES[engine].title} ({failure}), and running it")
    warnings.warn(f"{model.name} runs in {reference.title}, since {failure}", ModelWarning, stacklevel=3)
    return replace(model, engine=REFERENCE)


def _auto(wanted: Wanted) -> tuple[Origin, Manifest, Path]:
    """Find the main model or, where that is unavailable, the embedded one, with a ModelWarning."""
    from mobilenet_cli.models import unavailable

    main, embedded = origin_of(registry.MAIN), origin_of(registry.EMBEDDED)
    reason = unavailable.remembered(main, wanted.kind)
    if reason is None or _is_stored(main, wanted.kind):
        try:
            return _found(main, wanted)
        except UnavailableError as error:
            reason = "; ".join(error.reasons)
            if not wanted.offline:
                unavailable.remember(main, wanted.kind, reason)
        except StoreError as error:
            if _is_stored(main, wanted.kind) or not _is_stored(embedded, wanted.kind):
                raise
            reason = str(error)
        except NoTensorFlowError as error:
            if not _is_stored(embedded, wanted.kind):
                raise _none_stored(error) from error
            reason = "it is not in the store, and making it needs TensorFlow, which is not installed"
    choice = f"-m {embedded.name} chooses it without asking, -m {main.name} tries again"
    message = f"using the embedded model, {embedded.name}, since {main.name} is unavailable ({reason}); {choice}"
    lack = "is not reachable" if has_tensorflow() else "is not in the store"
    short = f"{main.name} {lack}; using the embedded {embedded.name}"
    warnings.warn(FallbackWarning(message, short, f"{reason}; {choice}"), stacklevel=3)
    return _found(embedded, wanted)


def _none_stored(error: NoTensorFlowError) -> NoTensorFlowError:
    """Return the error of a machine without TensorFlow and without the usual models, with those that it has."""
    names = [name for name in store.names() if not name.startswith(STORES_OWN)]
    return NoTensorFlowError(f"{error}; or use a model of the store: -m {' or -m '.join(names)}") if names else error


def _is_stored(origin: Origin, kind: NetworkKind) -> bool:
    manifest = store.find(origin.key)
    return manifest is not None and kind in manifest.networks
