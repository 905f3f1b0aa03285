"""Name → a model that is ready to run: found in the store, or fetched, compiled and put there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobilenet_cli.engines import Engine, EngineName
from mobilenet_cli.errors import InputError, ModelError, UnavailableError
from mobilenet_cli.models import registry, store, unavailable
from mobilenet_cli.models.labels import IMAGENET, ClassName, imagenet_labels, numbered_labels, read_labels
from mobilenet_cli.models.manifest import Compiled, Manifest
from mobilenet_cli.models.origin import Origin, origin_of
from mobilenet_cli.models.tensorflow_process import Report, TensorFlowProcess


class ModelWarning(UserWarning):
    """Another model, or another engine, than the best one is used."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is ready to run.

    Attributes:
        name: What its records say.
        manifest: What it is.
        folder: Its folder in the store.
        image_size: The side in pixels of the images it gets.
        labels: The name of each class.
        engine: What runs it: "litert" or "tensorflow".
    """

    name: str
    manifest: Manifest
    folder: Path
    image_size: int
    labels: tuple[ClassName, ...]
    engine: EngineName

    def open_engine(self) -> Engine:
        """Load it.

        Raises:
            ModelError: Its files cannot be loaded.
        """
        if self.engine == "tensorflow":
            from mobilenet_cli.engines.savedmodel import SavedModelEngine

            return SavedModelEngine(self.folder / self.manifest.saved_model, self.image_size)
        from mobilenet_cli.engines.litert import LiteRTEngine

        file = self.manifest.compiled[str(self.image_size)].file
        assert file is not None  # noqa: S101 - `acquire` chooses this engine only where there is one
        return LiteRTEngine(self.folder / file)


def acquire(
    model: str,
    *,
    engine: EngineName = "auto",
    image_size: int | None = None,
    labels: Path | None = None,
    report: Report = lambda text, done, total: None,
) -> Model:
    """Return the model that `model` names, ready to run.

    What is in the store is used without touching the network or TensorFlow. For "auto" that is
    mobilenet_v1_100_128 or, where no source has it, the embedded model with a ModelWarning.

    Raises:
        InputError: The image size is out of range.
        ModelError: The model is unavailable, or does not fit; the message lists what was tried.
    """
    if image_size is not None and image_size not in registry.IMAGE_SIZES:
        sizes = registry.IMAGE_SIZES
        raise InputError(f"the image size {image_size} is out of range: {sizes.start} to {sizes.stop - 1} pixels")
    if model == registry.AUTO:
        origin, manifest = _auto(image_size, report)
    else:
        origin = origin_of(model)
        manifest = _obtained(origin, image_size, report)
    size = image_size or manifest.image_size
    if engine != "tensorflow":
        manifest = _compiled(manifest, size, report)
        failure = manifest.compiled[str(size)].failure
        if failure is not None:
            if engine == "litert":
                raise ModelError(f"{origin.name} does not run in LiteRT: {failure}; --engine tensorflow runs it")
            warnings.warn(f"{origin.name} runs in TensorFlow, since {failure}", ModelWarning, stacklevel=2)
            engine = "tensorflow"
        else:
            engine = "litert"
    return Model(origin.name, manifest, store.folder_of(origin.key), size, _labels(manifest, labels), engine)


def _auto(image_size: int | None, report: Report) -> tuple[Origin, Manifest]:
    main = origin_of(registry.MAIN)
    manifest = store.find(main.key)
    if manifest is not None:
        return main, manifest
    reason = unavailable.remembered(main)
    if reason is None:
        try:
            return main, _obtained(main, image_size, report)
        except UnavailableError as error:
            reason = "; ".join(error.reasons)
            unavailable.remember(main, reason)
    embedded = origin_of(registry.EMBEDDED)
    warnings.warn(
        f"using the embedded model, {embedded.name}, since {main.name} is unavailable ({reason}); "
        f"-m {embedded.name} chooses it without asking, -m {main.name} tries again",
        ModelWarning,
        stacklevel=3,
    )
    return embedded, _obtained(embedded, image_size, report)


def _obtained(origin: Origin, image_size: int | None, report: Report) -> Manifest:
    """Return the model's manifest from the store, after putting the model there where it is not."""
    manifest = store.find(origin.key)
    if manifest is not None:
        return manifest
    with _making(origin.key, origin.name, report) as process:
        manifest = store.find(origin.key)  # another process may have made it while we waited
        if manifest is not None:
            return manifest
        if origin.saved_model is not None:
            return store.publish(origin.key, lambda folder: _built(origin, "", image_size, folder, process, report))
        tried, reasons = [], []
        for source in origin.sources:

            def build(folder: Path, source: Any = source) -> Manifest:
                report(f"getting {origin.name} from {source.kind}", None, None)
                source.fetch(folder / "saved_model", process)
                return _built(origin, source.place, image_size, folder, process, report)

            try:
                return store.publish(origin.key, build)
            except ModelError as error:
                tried.append(f"\n  {source.kind} ({source.place}): {error}")
                reasons.append(f"{source.kind}: {error}")
    raise UnavailableError(f"{origin.name} is unavailable. Tried:{''.join(tried)}", reasons)


def _built(
    origin: Origin, place: str, size: int | None, folder: Path, process: TensorFlowProcess, report: Report
) -> Manifest:
    """Compile the SavedModel in `folder` (or the origin's own) and return the manifest of the whole."""
    saved_model = origin.saved_model or Path("saved_model")
    report(f"compiling {origin.name} (once)", None, None)
    facts = _compile(process, folder, saved_model, size, origin.image_size)
    classes = facts["classes"]
    names = next(iter(sorted((folder / saved_model).glob("**/labels.txt"))), None)
    label_file = ""
    if names is not None:
        (folder / "labels.txt").write_bytes(names.read_bytes())
        read_labels(folder / "labels.txt", classes)
        label_file = "labels.txt"
    elif classes in (1000, 1001):
        label_file = IMAGENET
        lines = "".join(f"{name.label}\n" for name in imagenet_labels(classes))
        (folder / "labels.txt").write_text(lines, encoding="utf-8")
    return Manifest(
        name=origin.key,
        source=place or str(origin.saved_model),
        license=origin.license,
        image_size=origin.image_size if size else facts["image_size"],
        crop=origin.crop,
        interpolation=origin.interpolation,
        classes=classes,
        labels=label_file,
        output=facts["output"],
        saved_model=str(saved_model),
        compiled={str(facts["image_size"]): facts["compiled"]},
    )


def _compiled(manifest: Manifest, size: int, report: Report) -> Manifest:
    """Return the manifest of a model that is compiled for `size`, after compiling where it is not."""
    if str(size) in manifest.compiled:
        return manifest
    with _making(manifest.name, manifest.name, report) as process:
        manifest = store.find(manifest.name) or manifest
        if str(size) in manifest.compiled:
            return manifest
        folder = store.folder_of(manifest.name)
        report(f"compiling {manifest.name} for {size} × {size} pixels (once)", None, None)
        facts = _compile(process, folder, Path(manifest.saved_model), size, manifest.image_size)
        return store.update(replace(manifest, compiled=manifest.compiled | {str(size): facts["compiled"]}))


def _compile(
    process: TensorFlowProcess, folder: Path, saved_model: Path, size: int | None, default_size: int
) -> dict[str, Any]:
    facts: dict[str, Any] = process.call(
        "compiler:compile_model",
        saved_model=str(folder / saved_model),
        folder=str(folder),
        image_size=size,
        default_size=default_size,
    )
    return facts | {"compiled": Compiled(facts["file"], facts["difference"], facts["failure"])}


@contextmanager
def _making(key: str, name: str, report: Report) -> Iterator[TensorFlowProcess]:
    """Hold the model's lock, with a TensorFlow process at hand."""

    def waiting() -> None:
        report(f"waiting for another mnclassify that is preparing {name}", None, None)

    with store.lock(key, waiting=waiting), TensorFlowProcess(report) as process:
        yield process


def _labels(manifest: Manifest, file: Path | None) -> tuple[ClassName, ...]:
    if file is not None:
        return read_labels(file, manifest.classes)
    if manifest.labels == IMAGENET:
        return imagenet_labels(manifest.classes)
    if manifest.labels:
        return read_labels(store.folder_of(manifest.name) / manifest.labels, manifest.classes)
    return numbered_labels(manifest.classes)
