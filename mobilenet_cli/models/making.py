"""Putting a model into the store: fetched from the first source that has it, compiled, checked, published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import ModelError, UnavailableError
from mobilenet_cli.models import store
from mobilenet_cli.models.labels import IMAGENET, imagenet_labels, read_labels
from mobilenet_cli.models.manifest import Compiled, Kind, Manifest, Network
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.models.tensorflow_process import Report, TensorFlowProcess

LABELS = "labels.txt"
_FOLDERS: dict[Kind, str] = {"classification": "saved_model", "feature_vector": "feature_vector"}
_SUFFIXES: dict[Kind, str] = {"classification": ".tflite", "feature_vector": "-feature_vector.tflite"}


def obtain(origin: Origin, kind: Kind, image_size: int | None, report: Report, *, offline: bool = False) -> Manifest:
    """Return the manifest of a model that has a network of this kind, from the store or after putting it there.

    Args:
        origin: Which model.
        kind: Which of its networks is needed.
        image_size: What to compile it for; None: its own size.
        report: Told what takes its time.
        offline: Leave out the sources that need the network.

    Raises:
        UnavailableError: No source has it; the message lists what was tried.
        ModelError: The store cannot be used, or a local SavedModel does not fit.
    """
    manifest = store.find(origin.key)
    if manifest is not None and kind in manifest.networks:
        return manifest
    with _making(origin.key, origin.name, report) as process:
        manifest = store.find(origin.key)  # another process may have made it while we waited
        if manifest is not None and kind in manifest.networks:
            return manifest
        maker = _Maker(origin, kind, image_size, process, report)
        if origin.saved_model is not None:
            return maker.put(manifest, lambda _: origin.saved_model, str(origin.saved_model))
        tried = []
        for source in origin.sources:
            if offline and source.needs_network:
                tried.append((source, "not asked, to stay offline"))
                continue
            try:
                return maker.put(manifest, maker.fetcher(source), source.place)
            except ModelError as error:
                tried.append((source, str(error)))
    raise UnavailableError(
        f"{origin.name} is unavailable. Tried:"
        + "".join(f"\n  {source.title} ({source.place}): {reason}" for source, reason in tried),
        [f"{source.title}: {reason}" for source, reason in tried],
    )


def compiled_for(manifest: Manifest, kind: Kind, size: int, report: Report) -> Manifest:
    """Return the manifest of a model whose network is compiled for `size`, after compiling where it is not.

    Raises:
        ModelError: The store cannot be written, or the SavedModel does not take images of that size.
    """
    if str(size) in manifest.networks[kind].compiled:
        return manifest
    with _making(manifest.name, manifest.name, report) as process:
        manifest = store.find(manifest.name) or manifest
        network = manifest.networks[kind]
        if str(size) in network.compiled:
            return manifest
        if network.saved_model is None:
            sizes = ", ".join(network.compiled)
            raise ModelError(f"{manifest.name} is compiled for {sizes} pixels and has no SavedModel to compile anew")
        report(f"compiling {manifest.name} for {size} × {size} pixels (once)", None, None)
        folder = store.folder_of(manifest.name)
        facts = compile_network(process, folder / network.saved_model, folder, kind, size, manifest.image_size)
        compiled = network.compiled | {str(size): facts["compiled"]}
        networks = manifest.networks | {kind: replace(network, compiled=compiled)}
        return store.update(replace(manifest, networks=networks))


def compile_network(
    process: TensorFlowProcess, saved_model: Path, folder: Path, kind: Kind, size: int | None, default_size: int
) -> dict[str, Any]:
    """Compile a SavedModel into `folder`; see compiler.compile_model, whose facts come with `compiled`."""
    facts: dict[str, Any] = process.call(
        "compiler:compile_model",
        saved_model=str(saved_model),
        folder=str(folder),
        suffix=_SUFFIXES[kind],
        image_size=size,
        default_size=default_size,
    )
    return facts | {"compiled": Compiled(facts["file"], facts["difference"], facts["failure"])}


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes one network of one model."""

    origin: Origin
    kind: Kind
    image_size: int | None
    process: TensorFlowProcess
    report: Report

    def fetcher(self, source: Any) -> Callable[[Path], None]:
        def fetch(destination: Path) -> None:
            self.report(f"getting {self.origin.name} from {source.title}", None, None)
            source.fetch(self.kind, destination, self.process)

        return fetch

    def put(self, manifest: Manifest | None, fetch: Callable[[Path], Path | None], place: str) -> Manifest:
        """Publish the network: as a new model, or into the one that the store has already.

        Args:
            manifest: The model that is there already.
            fetch: Fills a folder with the SavedModel, or returns the path of one to use where it is.
            place: Where the SavedModel comes from.
        """
        if manifest is None:
            return store.publish(self.origin.key, lambda folder: self._built(folder, None, fetch, place))
        return store.extend(manifest, lambda folder: self._built(folder, manifest, fetch, place))

    def _built(
        self, folder: Path, manifest: Manifest | None, fetch: Callable[[Path], Path | None], place: str
    ) -> Manifest:
        name = _FOLDERS[self.kind]
        elsewhere = fetch(folder / name)
        saved_model = elsewhere or folder / name
        self.report(f"compiling {self.origin.name} (once)", None, None)
        facts = compile_network(self.process, saved_model, folder, self.kind, self.image_size, self.origin.image_size)
        network = Network(
            source=place,
            saved_model=str(elsewhere or name),
            width=facts["width"],
            output="features" if self.kind == "feature_vector" else facts["output"],
            compiled={str(facts["image_size"]): facts["compiled"]},
        )
        if manifest is not None:
            return replace(manifest, networks=manifest.networks | {self.kind: network})
        return Manifest(
            name=self.origin.key,
            license=self.origin.license,
            image_size=self.origin.image_size if self.image_size else facts["image_size"],
            crop=self.origin.crop,
            interpolation=self.origin.interpolation,
            labels=put_labels(folder, saved_model, facts["width"]) if self.kind == "classification" else "",
            networks={self.kind: network},
        )


def put_labels(folder: Path, saved_model: Path, classes: int) -> str:
    """Write labels.txt into a model's folder and return what its manifest says of it; "" where there are no names.

    Raises:
        ModelError: The SavedModel brings labels that are not as many as the classes.
    """
    own = next(iter(sorted(saved_model.glob(f"**/{LABELS}"))), None)
    if own is not None:
        read_labels(own, classes)
        (folder / LABELS).write_bytes(own.read_bytes())
        return LABELS
    if classes not in (1000, 1001):
        return ""
    lines = "".join(f"{name.label}\n" for name in imagenet_labels(classes))
    (folder / LABELS).write_text(lines, encoding="utf-8")
    return IMAGENET


@contextmanager
def _making(key: str, name: str, report: Report) -> Iterator[TensorFlowProcess]:
    """Hold the model's lock, with a TensorFlow process at hand."""

    def waiting() -> None:
        report(f"waiting for another mnclassify that is preparing {name}", None, None)

    with store.lock(key, waiting=waiting), TensorFlowProcess(report) as process:
        yield process
