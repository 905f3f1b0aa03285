"""Putting a model into the store: fetched from the first source that has it, compiled, checked, published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mobilenet_cli.errors import ModelError, ProcessError, StoreError, UnavailableError
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models import store
from mobilenet_cli.models.building import Builder, compile_network
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.models.sources import ModelSource, http
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind


def obtain(
    origin: Origin, kind: NetworkKind, image_size: int | None, progress: Progress, *, offline: bool = False
) -> Manifest:
    """Return the manifest of a model that has a network of this kind, from the store or after putting it there.

    Args:
        origin: Which model.
        kind: Which of its networks is needed.
        image_size: What to compile it for; None: its own size.
        progress: Called as long work proceeds.
        offline: Leave out the sources that need the network.

    Raises:
        UnavailableError: No source has it; the message lists what was tried.
        StoreError: The store cannot be used.
        ProcessError: TensorFlow's process died.
        ModelError: A local model does not fit.
    """
    manifest = store.find(origin.key)
    if manifest is not None and kind in manifest.networks:
        return manifest
    if origin.local is None and not origin.sources:
        raise ModelError(_lacking(origin.name, kind, manifest))
    with making(origin.key, origin.name, progress) as process:
        manifest = store.find(origin.key)  # another process may have made it while we waited
        if manifest is not None and kind in manifest.networks:
            return manifest
        builder = Builder(origin, process, progress, image_size)
        if origin.local is not None:
            return _put(builder, manifest, origin.local, kind)
        tried = []
        for source, reason in _answered(origin.sources, kind, offline):
            if reason is None:
                try:
                    return _put(builder, manifest, source, kind)
                except (StoreError, ProcessError):
                    raise  # the other sources would fail just so
                except ModelError as error:
                    tried.append((source, str(error)))
            else:
                tried.append((source, reason))
    raise UnavailableError(
        f"{origin.name} is unavailable. Tried:"
        + "".join(f"\n  {source.title} ({source.place}): {reason}" for source, reason in tried),
        [f"{source.title}: {reason}" for source, reason in tried],
    )


def compiled_for(manifest: Manifest, kind: NetworkKind, size: int, progress: Progress) -> Manifest:
    """Return the manifest of a model whose network is compiled for `size`, after compiling where it is not.

    Raises:
        StoreError: The store cannot be written.
        ModelError: The SavedModel does not take images of that size.
    """
    if str(size) in manifest.networks[kind].compiled:
        return manifest
    with making(manifest.name, manifest.name, progress) as process:
        manifest = store.find(manifest.name) or manifest
        network = manifest.networks[kind]
        if str(size) in network.compiled:
            return manifest
        if network.saved_model is None:
            sizes = ", ".join(network.compiled)
            raise ModelError(
                f"{manifest.name} is compiled for {sizes} pixels and has no SavedModel to compile for {size}"
            )
        progress(f"compiling {manifest.name} for {size} × {size} pixels (once)", None, None)
        saved_model = store.folder_of(manifest.name) / network.saved_model
        stored = manifest

        def build(folder: Path) -> Manifest:
            facts = compile_network(process, saved_model, folder, kind, size, stored.image_size)
            compiled = network.compiled | {str(size): facts["compiled"]}
            return replace(stored, networks=stored.networks | {kind: replace(network, compiled=compiled)})

        return store.extend(stored, build)


@contextmanager
def making(key: str, name: str, progress: Progress) -> Iterator[TensorFlowProcess]:
    """Hold the model's lock, with a TensorFlow process at hand."""

    def waiting() -> None:
        progress(f"waiting for another mnclassify that is preparing {name}", None, None)

    with store.lock(key, waiting=waiting), TensorFlowProcess(progress) as process:
        yield process


def _put(builder: Builder, manifest: Manifest | None, source: ModelSource, kind: NetworkKind) -> Manifest:
    """Publish the network: as a new model, or into the one that the store has already."""
    if manifest is None:
        return store.publish(builder.origin.key, lambda folder: builder.build(folder, None, source, kind))
    return store.extend(manifest, lambda folder: builder.build(folder, manifest, source, kind))


def _answered(
    sources: tuple[ModelSource, ...], kind: NetworkKind, offline: bool
) -> Iterator[tuple[ModelSource, str | None]]:
    """Yield the sources in their order, each with the reason why it is not worth trying, or None."""
    questions = [source.question(kind) for source in sources]
    if offline:
        questions = [question and (lambda: "not asked, to stay offline") for question in questions]
    yield from zip(sources, http.answers(questions), strict=True)


def _lacking(name: str, kind: NetworkKind, manifest: Manifest | None) -> str:
    if manifest is None:
        return f"{name} in the store is damaged: `mnclassify models verify {name}` says how; remove it, import it anew"
    return f"{name} has no {kind} network, only {' and '.join(manifest.networks)}"
