"""One network of a model: fetched from a source, compiled, checked, and added to the model's manifest."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from mobilenet_cli.engines.network_input import UNIT
from mobilenet_cli.errors import ModelWarning
from mobilenet_cli.in_tensorflow import LABELS
from mobilenet_cli.in_tensorflow.compiled_file import inspect
from mobilenet_cli.in_tensorflow.compiler import CompiledNetwork, compile_model
from mobilenet_cli.in_tensorflow.given import KNOWN, Given
from mobilenet_cli.in_tensorflow.limits import BUILDING, CHECKING
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models import registry
from mobilenet_cli.models.labels import write_labels
from mobilenet_cli.models.manifest import FOLDERS, SUFFIXES, Compiled, FileRecord, Manifest, Network
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.models.sources import ModelSource
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind, OutputKind

_IMAGENET_CLASSES = 1000  # one more with the background


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the networks of one model.

    Attributes:
        origin: Which model.
        process: Where TensorFlow runs.
        progress: Called as long work proceeds.
        image_size: What to compile it for; None: its own size.
        output: What its classification network puts out; None: found by trying it.
        labels: A file with a label a class; None: those that come with it, or ImageNet's for 1000 and 1001 classes.
        copied: Whether files that are on the disk already are copied into the model's folder, or used where they are.
    """

    origin: Origin
    process: TensorFlowProcess
    progress: Progress
    image_size: int | None = None
    output: OutputKind | None = None
    labels: Path | None = None
    copied: bool = False

    def build(self, folder: Path, manifest: Manifest | None, source: ModelSource, kind: NetworkKind) -> Manifest:
        """Add the network of a kind to a model's folder and return the model's manifest with it.

        Args:
            folder: An empty folder, whose content is to be the model's or to be added to it.
            manifest: The model as it is, or None where it is a new one.
            source: Where the network comes from.
            kind: Which network.

        Raises:
            ModelError: The source does not have it, or it does not fit.
        """
        self.progress(f"getting {self.origin.name} from {source.title}", None, None)
        fetched = source.fetch(kind, folder / FOLDERS[kind], self.process)
        if self.copied and not fetched.is_relative_to(folder):
            fetched = _copied(fetched, folder / FOLDERS[kind])
        self.progress(f"compiling {self.origin.name} (once)", None, None)
        with self.process.within(BUILDING if fetched.is_dir() else CHECKING):
            result = self._compile(fetched, folder, kind)
        network = Network(
            source=source.place,
            saved_model=_within(fetched, folder) if fetched.is_dir() else None,
            width=result.width,
            output="features" if kind == "feature_vector" else self.output or result.output,
            compiled={str(result.image_size): as_recorded(result)},
            input=result.input,
            guess=result.guess,
            is_size_guessed=result.takes_any_size
            and not (self.origin.is_size_known or (self.copied and self.image_size)),
        )
        networks = {**(manifest.networks if manifest else {}), kind: network}
        files = (manifest.files if manifest else {}) | _outside(fetched, folder)
        labels, temperature = (manifest.labels, manifest.temperature) if manifest else ("", 1.0)
        if kind == "classification":
            own = folder / LABELS
            labels = write_labels(
                folder, self.labels or _brought(fetched) or (own if own.is_file() else None), network.classes
            )
            if manifest is None or manifest.calibration is None:
                temperature = self._temperature(fetched, result.width)
        if manifest is not None:
            return replace(manifest, networks=networks, labels=labels, temperature=temperature, files=files)
        is_fixed = self.image_size is None or self.copied
        return Manifest(
            name=self.origin.key,
            license=self.origin.license,
            image_size=result.image_size if is_fixed else self.origin.image_size,
            crop=self.origin.crop,
            interpolation=self.origin.interpolation,
            labels=labels,
            networks=networks,
            files=files,
            temperature=temperature,
        )

    def _temperature(self, fetched: Path, classes: int) -> float:
        """Return the classifier's temperature: that of the MobileNet V1 family also where the file alone shows it."""
        is_of_imagenet = classes in (_IMAGENET_CLASSES, _IMAGENET_CLASSES + 1)
        if self.origin.temperature == 1 and is_of_imagenet and _is_mobilenet_v1(fetched):
            return registry.MOBILENET_V1_TEMPERATURE
        return self.origin.temperature

    def _compile(self, fetched: Path, folder: Path, kind: NetworkKind) -> CompiledNetwork:
        if fetched.is_dir():
            size, default_size = self.image_size, self.origin.image_size
            return compile_network(self.process, fetched, folder, kind, size, default_size, given=self._given(kind))
        labels = folder / LABELS if kind == "classification" else None
        found = self.process.call(inspect, fetched, self.image_size, self.origin.image_size, self._given(kind), labels)
        if fetched.is_relative_to(folder):
            fetched = fetched.rename(folder / f"{found.image_size}{SUFFIXES[kind]}")
        return replace(found, file=_within(fetched, folder))

    def _given(self, kind: NetworkKind) -> Given:
        is_classifier = kind == "classification"
        return Given(
            input=self.origin.input,
            output=self.output if is_classifier else None,
            is_hubs=self.origin.local is None,
            is_trusted=self.origin.local is not None and self.origin.local.is_trusted,
            is_classifier=is_classifier,
        )


def compile_network(
    process: TensorFlowProcess,
    saved_model: Path,
    folder: Path,
    kind: NetworkKind,
    size: int | None,
    default_size: int,
    *,
    given: Given = KNOWN,
) -> CompiledNetwork:
    """Compile a SavedModel into `folder`; see compiler.compile_model."""
    return process.call(compile_model, saved_model, folder, SUFFIXES[kind], size, default_size, given=given)


def warn_of_guess(name: str, network: Network, image_size: int | None) -> None:
    """Warn where nothing in a model shows which numbers it takes, or images of which size.

    Args:
        name: The model's.
        network: The network that runs.
        image_size: The side in pixels of its images, where nobody asked for it; else None.

    Warns:
        ModelWarning: It says what is assumed, why, and the option to set if that is wrong.
    """
    if network.is_size_guessed and image_size is not None:
        warnings.warn(
            f"{name} takes images of any size, and nothing says at which it was trained; "
            f"assuming {image_size} × {image_size} pixels; set --image-size if that is wrong",
            ModelWarning,
            stacklevel=3,
        )
    if network.guess:
        warnings.warn(
            f"nothing in {name} says which numbers it takes for black and white; {network.guess} "
            f"{network.input or UNIT}: assuming that; set --input-range if it is wrong",
            ModelWarning,
            stacklevel=3,
        )


def as_recorded(result: CompiledNetwork) -> Compiled:
    """Return the part of a result that a manifest has."""
    return Compiled(result.file, result.difference, result.failure)


def _brought(fetched: Path) -> Path | None:
    """Return the label file that comes with a SavedModel, if any."""
    return next(iter(sorted(fetched.glob(f"**/{LABELS}"))), None) if fetched.is_dir() else None


def _is_mobilenet_v1(fetched: Path) -> bool:
    """Return whether a SavedModel's variables are those of TF-Slim's MobileNet V1, as in the hub's and ours."""
    file = fetched / "saved_model.pb"
    return file.is_file() and b"MobilenetV1/Conv2d_0/" in file.read_bytes()


def _outside(fetched: Path, folder: Path) -> dict[str, FileRecord]:
    """Return the records of the files of a network that is used where it is, by their absolute paths."""
    if fetched.is_relative_to(folder):
        return {}
    files = sorted(file for file in fetched.rglob("*") if file.is_file()) if fetched.is_dir() else [fetched]
    return {str(file): FileRecord.of(file) for file in files}


def _copied(fetched: Path, destination: Path) -> Path:
    if fetched.is_dir():
        return Path(shutil.copytree(fetched, destination))
    return Path(shutil.copyfile(fetched, destination.with_suffix(fetched.suffix)))


def _within(path: Path, folder: Path) -> str:
    """Return a path as a manifest has it: relative where it is in the model's folder."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
