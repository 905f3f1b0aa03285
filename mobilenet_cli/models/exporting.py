"""A model in one file, to be carried to a machine that need not have TensorFlow.

The file is a zip archive: manifest.json first, then what the manifest lists: labels.txt and the compiled networks, of
every kind, image size and precision that the model has. SavedModels stay behind, since only TensorFlow opens them, and
so does what `train` keeps of the images that it learnt from. `exported` reads such a file.
"""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import LABELS
from mobilenet_cli.models import in_place, store
from mobilenet_cli.models.catalogue import resolved
from mobilenet_cli.models.manifest import MANIFEST, FileRecord, Manifest, Network

_CHUNK = 1 << 20
_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every member, the first that zip knows, so that a model's file is the same whenever it is written."""


def export_model(model: str, stream: BinaryIO) -> Manifest:
    """Write a model to one file, and return the manifest that is in it.

    Args:
        model: A model in the store, or the folder of one that `train` wrote; as `-m` takes it.
        stream: Where the file goes.

    Raises:
        InputError: `model` is "auto", which is no model.
        ModelError: It is not in the store, has no compiled network, or a file of it is missing or has changed.
    """
    folder, manifest = _found(model)
    networks = {kind: _without_saved_model(network) for kind, network in manifest.networks.items()}
    networks = {kind: network for kind, network in networks.items() if network.compiled}
    if not networks:
        raise ModelError(f"{model} has no compiled network, so only a machine with TensorFlow can run it")
    names = {file for network in networks.values() for file in network.files}
    names |= {manifest.labels, LABELS} & manifest.files.keys()
    files = {name: manifest.files[name] for name in sorted(names)}
    exported = replace(manifest, networks=networks, files=files)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_member(MANIFEST), exported.text())
        for name, record in files.items():
            try:
                is_same = FileRecord.of(folder / name) == record
            except FileNotFoundError:
                is_same = False
            if not is_same:
                raise ModelError(f"{folder / name} is missing or has changed; `mnclassify models verify` says more")
            with (folder / name).open("rb") as source, archive.open(_member(name), "w") as target:
                while data := source.read(_CHUNK):
                    target.write(data)
    return exported


def _found(model: str) -> tuple[Path, Manifest]:
    """Return the folder and the manifest of a model in the store, or of one that `train` wrote."""
    key = model
    if model not in store.names():
        origin = resolved(model)
        if origin.local is not None and origin.local.is_trained:
            return origin.local.path, in_place.read(origin.local.path)
        key = origin.key
    manifest = store.find(key)
    if manifest is None:
        raise ModelError(f"{model} is not in the store, or not whole; `mnclassify models pull {model}` gets it")
    return store.folder_of(key), manifest


def _without_saved_model(network: Network) -> Network:
    """Return a network with its compiled files alone."""
    compiled = {size: each for size, each in network.compiled.items() if each.file is not None}
    if network.saved_model is None:
        return replace(network, compiled=compiled)
    # What was compiled from a SavedModel takes 0 to 1, whatever that takes.
    return replace(network, saved_model=None, input=None, compiled=compiled)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member
