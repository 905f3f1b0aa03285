"""A model's folder that is not in the store, laid out as there: used where it is, or copied."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models import registry, store
from mobilenet_cli.models.labels import IMAGENET
from mobilenet_cli.models.making import making
from mobilenet_cli.models.manifest import MANIFEST, Manifest
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind


def read(folder: Path, kind: NetworkKind | None = None) -> Manifest:
    """Return the manifest of a model that is used where it is.

    Args:
        folder: The model's.
        kind: The network that is needed.

    Raises:
        ModelError: A file is missing or of another size, or it has no such network, or its manifest is damaged
            or names files outside of the folder.
    """
    manifest = Manifest.read(folder)
    for path, record in manifest.files.items():
        file = folder / path
        if not file.is_file() or file.stat().st_size != record.size:
            raise ModelError(f"{folder} is damaged: {path} is missing or has changed")
    if kind is not None and kind not in manifest.networks:
        raise ModelError(f"{folder} has no {kind} network, only {' and '.join(manifest.networks)}")
    return manifest


def adopt(origin: Origin, folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Put a model into the store that uses the SavedModels in `folder`, where they are.

    Networks compiled for another image size than the model was made for go into the store, and leave the user's
    folder as it is.

    Raises:
        StoreError: The store cannot be written.
    """
    networks = {
        kind: replace(network, saved_model=network.saved_model and str(folder / network.saved_model), compiled={})
        for kind, network in manifest.networks.items()
    }
    files = {
        str(folder / path): record
        for path, record in manifest.files.items()
        if any(
            network.saved_model and path.startswith(f"{network.saved_model}/") for network in manifest.networks.values()
        )
    }
    with making(origin, progress):
        if store.find(origin.key) is not None:
            return
        with store.new_files(origin.key) as staging:
            if manifest.labels not in ("", IMAGENET):
                shutil.copyfile(folder / manifest.labels, staging / manifest.labels)
            temperature = registry.temperature_of(manifest)
            adopted = replace(manifest, name=origin.key, networks=networks, files=files, temperature=temperature)
            store.publish(staging, adopted)


def copy(folder: Path, destination: Path, name: str) -> Manifest:
    """Copy a model into an empty folder under another name and return its manifest.

    Raises:
        ModelError: Its files are not what its manifest says.
    """
    manifest = read(folder)
    for path in manifest.files:
        (destination / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, destination / path)
    temperature = registry.temperature_of(manifest)
    copied = replace(manifest, name=name, temperature=temperature).with_files_of(destination)
    if changed := [path for path, record in copied.files.items() if manifest.files[path] != record]:
        raise ModelError(f"{folder / changed[0]} has changed since the model was made")
    return copied


def is_model(folder: Path) -> bool:
    """Return whether this is a model's folder."""
    return (folder / MANIFEST).is_file()
