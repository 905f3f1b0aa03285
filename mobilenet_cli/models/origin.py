"""A name that the user gives (a model's, a handle, a path) → the model's origin: where to get it, and its facts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.images.preprocess import Crop, Interpolation
from mobilenet_cli.models import AUTO, registry, store
from mobilenet_cli.models.sources import ModelSource
from mobilenet_cli.models.sources.hub import Hub
from mobilenet_cli.text import alike, printable

if TYPE_CHECKING:
    from mobilenet_cli.models.sources.local import Local

_DEFAULT_SIZE = 128
_ALIKE = 0.7
"""How much of two names agrees where one is taken for a slip of the other; 1 is all of it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A model before it is in the store.

    Attributes:
        name: The name in its records.
        key: Its folder's name in the store.
        sources: Where to get it, in the order to try; none for one that is in the store or on the disk.
        local: The model on the disk, or None.
        license: SPDX name of its licence, or "".
        image_size: Its input's side in pixels, where the model itself is made for none.
        is_size_known: Whether something says that size; else it is only the usual one.
        crop: How an image becomes a square.
        interpolation: How an image is resized.
        temperature: The divisor of its logits.
        input: The numbers that it takes, where the user says it.
    """

    name: str
    key: str
    sources: tuple[ModelSource, ...] = ()
    local: Local | None = None
    license: str = ""
    image_size: int = _DEFAULT_SIZE
    is_size_known: bool = True
    crop: Crop = "center"
    interpolation: Interpolation = "bilinear"
    temperature: float = 1.0
    input: Input | None = None


def origin_of(model: str, network_input: Input | None = None, *, is_trusted: bool = False) -> Origin:
    """Return the origin of the model that `model` names.

    Args:
        model: A known model, a TF Hub handle (http or https), a model in the store, or a path of a SavedModel,
            a checkpoint, an archive or a .tflite; in this order.
        network_input: The numbers that it takes, where the user says it.
        is_trusted: Whether Python code in a model file may run.

    Raises:
        InputError: What it takes is known already.
        ModelError: It names nothing.
    """
    origin = _named_by(model)
    if is_trusted and origin.local is not None:
        origin = replace(origin, local=replace(origin.local, is_trusted=True))
    if network_input is None:
        return origin
    if origin.local is None or origin.local.is_trained:
        raise InputError(f"what {model} takes is known; an input range is for a model file that is given by its path")
    import hashlib

    digest = hashlib.sha256(repr(network_input).encode()).hexdigest()[:6]
    return replace(origin, key=f"{origin.key}-{digest}", input=network_input)


def _named_by(model: str) -> Origin:
    if model in registry.ENTRIES:
        return _of_entry(registry.ENTRIES[model])
    if model.startswith(("http://", "https://")):
        known = registry.entry_of_handle(model)
        return _of_entry(known) if known else _of_handle(model.rstrip("/"))
    if model in store.names():
        return Origin(name=model, key=model)
    from mobilenet_cli.models.sources.local import Local

    if local := Local.find(model):
        _refuse_exported(model, local)
        return of_file(model, local.store_name(), local, size_in(local.path.name))
    meant = _meant(model)
    instead = (
        f"; did you mean {meant}?"
        if meant is not None
        else ", and there is no SavedModel, checkpoint, archive, .tflite or trained model at that path;"
    )
    raise ModelError(
        f"no model is called {model!r}{instead} `mnclassify models list` shows all names; a TF Hub handle (https://…) "
        "is one too"
    )


def _meant(model: str) -> str | None:
    """Return the name that was likely meant by one that is nobody's; for a family's beginning its main model's."""
    names = {name.lower(): name for name in (AUTO, *registry.ENTRIES, *store.names())}
    families = {name.partition("_")[0]: name for name in (*registry.ENTRIES, registry.MAIN)}
    found = (known[like] for known in (names, families) if (like := alike(model.lower(), known, _ALIKE)) is not None)
    return next(found, None)


def _refuse_exported(model: str, local: Local) -> None:
    """Raise ModelError at a file of `models export`, which is used once it is in the store."""
    if local.path.suffix.lower() != ".zip":
        return
    from mobilenet_cli.models.exported import is_exported

    if is_exported(local.path):
        import shlex

        command = f"mnclassify models import {shlex.quote(printable(model))}"
        raise ModelError(f"{model} is an exported model, which is used from the store: `{command}` adds it")


def _of_entry(entry: registry.Entry) -> Origin:
    return Origin(
        name=entry.name,
        key=entry.name,
        sources=entry.sources,
        license=entry.license,
        image_size=entry.image_size,
        crop=entry.crop,
        interpolation=entry.interpolation,
        temperature=entry.temperature,
    )


def _of_handle(handle: str) -> Origin:
    from mobilenet_cli.models.sources.local import slug

    return Origin(
        name=handle,
        key="hub-" + slug(handle.split("://", 1)[1]),
        sources=(Hub(handle),),
        image_size=size_in(handle) or _DEFAULT_SIZE,
        temperature=registry.MOBILENET_V1_TEMPERATURE if registry.is_mobilenet_v1(handle) else 1.0,
    )


def of_file(name: str, key: str, local: Local, image_size: int | None) -> Origin:
    """Return the origin of a model on the disk.

    Args:
        name: Its name in its records.
        key: Its folder's name in the store.
        local: The model.
        image_size: Its input's side in pixels, where its name says it.
    """
    is_known = image_size is not None
    return Origin(name, key, local=local, image_size=image_size or _DEFAULT_SIZE, is_size_known=is_known)


def size_in(*names: str) -> int | None:
    """Return the input's side in pixels by the first of the names that has one; None where none has.

    TF Hub's names have it ("mobilenet_v2_100_224/classification"), and TF-Slim's ("mobilenet_v1_0.75_224.ckpt").
    """
    for name in names:
        sizes = [int(digits) for digits in re.findall(r"(?<![0-9.])[0-9]{2,3}(?!\.?[0-9])", name)]
        for size in reversed(sizes):
            if size in range(96, 513) and size % 16 == 0:
                return size
    return None
