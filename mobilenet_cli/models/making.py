"""Putting a model into the store: fetched from the first source that has it, compiled, checked, published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from mobilenet_cli.errors import ModelError, ProcessError, StoreError, UnavailableError
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.machine.extras import has_tensorflow, without_tensorflow
from mobilenet_cli.models import store
from mobilenet_cli.models.checked import note_made
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.models.rounding import with_variant
from mobilenet_cli.models.sources import ModelSource, Question
from mobilenet_cli.models.wanted import Wanted
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.models.building import Builder


def obtain(origin: Origin, wanted: Wanted) -> Manifest:
    """Return the manifest of a model in the store that has the wanted network, after making what is missing.

    Raises:
        UnavailableError: No source has it; the message lists what was tried.
        StoreError: The store cannot be used.
        ProcessError: TensorFlow's process died.
        NoTensorFlowError: TensorFlow has to make it, and is not installed.
        ModelError: A local model does not fit, or the network cannot be made of what the store has.
    """
    manifest = store.find(origin.key)
    if wanted.is_in(manifest):
        return manifest
    if origin.local is None and not origin.sources:
        _check_stored(origin, manifest, wanted.kind)
    if origin.sources and not has_tensorflow() and (manifest is None or wanted.kind not in manifest.networks):
        # Before any server is asked. A model on the disk is tried: a .tflite file does without TensorFlow.
        lack = "is not in the store" if manifest is None else f"has no {wanted.kind} network in the store"
        raise without_tensorflow(f"{origin.name} {lack}, and making it", may_be_copied=True)
    with making(origin, wanted.progress) as process:
        manifest = store.find(origin.key)  # another process may have made it while this one waited
        if manifest is None or wanted.kind not in manifest.networks:
            manifest = _fetched(origin, manifest, wanted, process)
        if not wanted.is_compiled_in(manifest):
            manifest = _compiled(manifest, wanted, process)
        if not wanted.is_in(manifest):
            manifest = with_variant(manifest, wanted, process)
        is_trusted = origin.local is not None and origin.local.is_trusted
        size = wanted.size_in(manifest)
        note_made(manifest, store.folder_of(manifest.name), wanted.kind, size, is_trusted=is_trusted)
        return manifest


@contextmanager
def making(origin: Origin, progress: Progress) -> Iterator[TensorFlowProcess]:
    """Hold the model's lock, with a TensorFlow process at hand."""

    def waiting() -> None:
        progress(f"waiting for another mnclassify that is preparing {origin.name}", None, None)

    with store.lock(origin.key, waiting=waiting), TensorFlowProcess(progress) as process:
        yield process


def _fetched(origin: Origin, manifest: Manifest | None, wanted: Wanted, process: TensorFlowProcess) -> Manifest:
    """Put the network into the store, from the disk or from the first source that has it."""
    from mobilenet_cli.models.building import Builder
    from mobilenet_cli.models.sources import http

    builder = Builder(origin, process, wanted.progress, wanted.image_size)
    if origin.local is not None:
        return _put(builder, manifest, origin.local, wanted.kind)
    tried = []
    for source, reason in zip(origin.sources, http.answers(_questions(origin, wanted)), strict=True):
        failure = reason
        if failure is None:
            try:
                return _put(builder, manifest, source, wanted.kind)
            except (StoreError, ProcessError):
                raise  # the other sources would fail in the same way
            except ModelError as error:
                failure = str(error)
        tried.append((source, failure))
    raise UnavailableError(
        f"{origin.name} is unavailable. Tried:"
        + "".join(f"\n  {source.title} ({source.place}): {failure}" for source, failure in tried),
        [f"{source.title}: {failure}" for source, failure in tried],
    )


def _questions(origin: Origin, wanted: Wanted) -> Iterator[Question | None]:
    for source in origin.sources:
        question = source.question(wanted.kind)
        yield question and ((lambda: "not asked, to stay offline") if wanted.offline else question)


def _check_stored(origin: Origin, manifest: Manifest | None, kind: NetworkKind) -> None:
    """Raise ModelError unless a model that is in the store alone has a network of that kind."""
    name = origin.name
    if manifest is None:
        raise ModelError(
            f"{name} in the store is damaged: `mnclassify models verify {name}` says how; remove it, import it again"
        )
    if kind not in manifest.networks:
        raise ModelError(f"{name} has no {kind} network, only {' and '.join(manifest.networks)}")


def _put(builder: Builder, manifest: Manifest | None, source: ModelSource, kind: NetworkKind) -> Manifest:
    """Build the network, and publish it as a new model, or in the one that the store has already."""
    with store.new_files(builder.origin.key) as folder:
        built = builder.build(folder, manifest, source, kind)
        return store.publish(folder, built) if manifest is None else store.extend(folder, built)


def _compiled(manifest: Manifest, wanted: Wanted, process: TensorFlowProcess) -> Manifest:
    """Compile a network that the store has for another image size."""
    from mobilenet_cli.in_tensorflow.given import Given
    from mobilenet_cli.in_tensorflow.limits import BUILDING
    from mobilenet_cli.models.building import as_recorded, compile_network

    network, size = manifest.networks[wanted.kind], wanted.size_in(manifest)
    if network.saved_model is None:
        sizes = ", ".join(network.compiled)
        lack = f"{manifest.name} is compiled for {sizes} pixels and has no SavedModel to compile for {size}"
        if not has_tensorflow():
            lack += f"; `models pull --image-size {size}` and `models export` do that on a machine with TensorFlow"
        raise ModelError(lack)
    wanted.progress(f"compiling {manifest.name} for {size} × {size} pixels (once)", None, None)
    saved_model = store.folder_of(manifest.name) / network.saved_model
    with store.new_files(manifest.name) as folder:
        given = Given(network.input, network.output, is_hubs=True, is_classifier=wanted.kind == "classification")
        with process.within(BUILDING):
            result = compile_network(process, saved_model, folder, wanted.kind, size, manifest.image_size, given=given)
        compiled = network.compiled | {str(size): as_recorded(result)}
        networks = manifest.networks | {wanted.kind: replace(network, compiled=compiled)}
        return store.extend(folder, replace(manifest, networks=networks))
