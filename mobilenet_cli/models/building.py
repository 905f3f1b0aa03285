"""Filling a model's folder: a network that a source delivered, compiled, with its labels and its manifest."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.labels import IMAGENET, imagenet_labels, read_labels
from mobilenet_cli.models.manifest import Compiled, Manifest, Network
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.models.sources import ModelSource
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind, OutputKind

LABELS = "labels.txt"
FOLDERS: dict[NetworkKind, str] = {"classification": "saved_model", "feature_vector": "feature_vector"}
SUFFIXES: dict[NetworkKind, str] = {"classification": ".tflite", "feature_vector": "-feature_vector.tflite"}


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds the networks of one model.

    Attributes:
        origin: Which model.
        process: Where TensorFlow runs.
        progress: Called as long work proceeds.
        image_size: What to compile it for; None: its own size.
        output: What its classification network puts out; None: found out by trying.
        labels: A file with a label a class; None: what comes with it, or ImageNet's for 1000 and 1001 classes.
        copied: Whether what is on the disk already is copied into the model's folder, or used where it is.
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
        facts = self._compile(fetched, folder, kind)
        network = Network(
            source=source.place,
            saved_model=_within(fetched, folder) if fetched.is_dir() else None,
            width=facts["width"],
            output="features" if kind == "feature_vector" else self.output or facts["output"],
            compiled={str(facts["image_size"]): facts["compiled"]},
        )
        networks = {**(manifest.networks if manifest else {}), kind: network}
        labels = manifest.labels if manifest else ""
        if kind == "classification":
            labels = self._put_labels(folder, fetched, facts["width"])
        if manifest is not None:
            return replace(manifest, networks=networks, labels=labels)
        is_fixed = self.image_size is None or self.copied
        return Manifest(
            name=self.origin.key,
            license=self.origin.license,
            image_size=facts["image_size"] if is_fixed else self.origin.image_size,
            crop=self.origin.crop,
            interpolation=self.origin.interpolation,
            labels=labels,
            networks=networks,
        )

    def _compile(self, fetched: Path, folder: Path, kind: NetworkKind) -> dict[str, Any]:
        if fetched.is_dir():
            return compile_network(self.process, fetched, folder, kind, self.image_size, self.origin.image_size)
        facts: dict[str, Any] = self.process.call(
            "mobilenet_cli.in_tensorflow.compiled_file:inspect",
            file=str(fetched),
            image_size=self.image_size,
            default_size=self.origin.image_size,
        )
        if fetched.is_relative_to(folder):
            fetched = fetched.rename(folder / f"{facts['image_size']}{SUFFIXES[kind]}")
        return facts | {"compiled": Compiled(_within(fetched, folder))}

    def _put_labels(self, folder: Path, fetched: Path, classes: int) -> str:
        """Write labels.txt and return what the manifest says of it; "" where there are no names.

        Raises:
            ModelError: There are labels, but not as many as the classes.
        """
        brought = sorted(fetched.glob(f"**/{LABELS}")) if fetched.is_dir() else []
        if file := self.labels or next(iter(brought), None):
            read_labels(file, classes)
            (folder / LABELS).write_bytes(file.read_bytes())
            return LABELS
        if classes not in (1000, 1001):
            return ""
        lines = "".join(f"{name.label}\n" for name in imagenet_labels(classes))
        (folder / LABELS).write_text(lines, encoding="utf-8")
        return IMAGENET


def compile_network(
    process: TensorFlowProcess, saved_model: Path, folder: Path, kind: NetworkKind, size: int | None, default_size: int
) -> dict[str, Any]:
    """Compile a SavedModel into `folder`; see compiler.compile_model, whose facts come with `compiled`."""
    facts: dict[str, Any] = process.call(
        "mobilenet_cli.in_tensorflow.compiler:compile_model",
        saved_model=str(saved_model),
        folder=str(folder),
        suffix=SUFFIXES[kind],
        image_size=size,
        default_size=default_size,
    )
    return facts | {"compiled": Compiled(facts["file"], facts["difference"], facts["failure"])}


def _copied(fetched: Path, destination: Path) -> Path:
    if fetched.is_dir():
        return Path(shutil.copytree(fetched, destination))
    return Path(shutil.copyfile(fetched, destination.with_suffix(fetched.suffix)))


def _within(path: Path, folder: Path) -> str:
    """Return a path as a manifest has it: relative where it is in the model's folder."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
