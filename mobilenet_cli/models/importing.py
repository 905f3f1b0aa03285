"""A model of the user's own, put into the store under a name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import InputError
from mobilenet_cli.models import AUTO, STORES_OWN, in_place, registry, store
from mobilenet_cli.models.building import Builder, warn_of_guess
from mobilenet_cli.models.checked import note_made
from mobilenet_cli.models.making import making
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.origin import of_file, size_in
from mobilenet_cli.models.sources.local import Local
from mobilenet_cli.progress import Progress, silent
from mobilenet_cli.records import OutputKind

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a model in the store may be called."""


def import_model(
    source: str,
    name: str,
    *,
    labels: Path | None = None,
    image_size: int | None = None,
    output: OutputKind | None = None,
    license: str = "",
    overwrite: bool = False,
    network_input: Input | None = None,
    trust_model: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Copy a model into the store, compiled. `name` then names it everywhere, and `source` is no longer needed.

    A checkpoint becomes two networks, one for classification and one for feature vectors; any other model stays
    one network.

    Args:
        source: The path of a SavedModel, a TF-Slim checkpoint of MobileNet V1, an archive of one, a .tflite, or
            a model that `train` wrote, whose manifest has the values of the options.
        name: Its name from then on.
        labels: A file with a label a class; None: the labels in the model, or ImageNet's for 1000 and 1001 classes.
        image_size: The side of its input in pixels; None: the one that it is fixed to, else the one in the name of
            `source` or in `name` ("…_0.75_224"), else 128.
        output: "logits", "probabilities" or "multilabel"; None: found in it, or by trying.
        license: SPDX name of its licence, if known.
        overwrite: Replace any model of that name.
        network_input: The numbers that it takes; None: found in it, or by trying.
        trust_model: Whether Python code in it (a Lambda layer of Keras) may run.
        progress: Called as long work proceeds.

    Raises:
        InputError: The name cannot be used, or there is nothing at `source`.
        ModelError: `source` is damaged, no model, or does not fit the labels or the size.
    """
    check_name(name)
    local = Local.find(source)
    if local is None:
        raise InputError(f"{source} does not exist")
    local = replace(local, is_trusted=trust_model)
    origin = of_file(name, name, local, size_in(local.path.name, name))
    origin = replace(origin, license=license, input=network_input)

    with making(origin, progress) as process:
        if name in store.names() and not overwrite:
            raise InputError(f"{name} is in the store already; --overwrite replaces it")
        if local.is_trained and (labels or image_size or output or license or network_input):
            raise InputError(f"{source} is a model that says of itself what it is; it takes no more options")
        builder = Builder(origin, process, progress, image_size, output, labels, copied=True)
        with store.new_files(name) as folder:
            copied = in_place.copy(local.path, folder, name) if local.is_trained else _built(builder, local, folder)
            published = store.publish(folder, copied)
        if not local.is_trained:
            for kind in published.networks:
                note_made(published, store.folder_of(name), kind, published.image_size, is_trusted=trust_model)
    for network in published.networks.values():
        warn_of_guess(name, network, published.image_size)
    return published


def _built(builder: Builder, local: Local, folder: Path) -> Manifest:
    """Build every network of a model on the disk."""
    first, *others = local.kinds
    manifest = builder.build(folder, None, local, first)
    for kind in others:
        manifest = builder.build(folder, manifest, local, kind)
    return manifest


def check_name(name: str) -> None:
    """Raise InputError unless a model of the user's own can have this name."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a model's name: take letters, digits, '.', '_' and '-', 64 at most, "
            "with a letter or a digit first"
        )
    if name == AUTO or name in registry.ENTRIES or name.startswith(STORES_OWN):
        raise InputError(
            f"{name!r} names something already; take another name (MNCLASSIFY_MODEL makes it the one that is "
            "used where none is named)"
        )
