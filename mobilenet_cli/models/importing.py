"""A model of the user's own, put into the store under a name."""

from __future__ import annotations

import re
from pathlib import Path

from mobilenet_cli.errors import InputError
from mobilenet_cli.models import in_place, registry, store
from mobilenet_cli.models.building import Builder
from mobilenet_cli.models.making import making
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.origin import Origin, size_in
from mobilenet_cli.models.sources.local import Local
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import OutputKind

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_STORES_OWN = ("hub-", "local-")


def import_model(
    source: str,
    name: str,
    *,
    labels: Path | None = None,
    image_size: int | None = None,
    output: OutputKind | None = None,
    license: str = "",
    overwrite: bool = False,
    progress: Progress = lambda text, done, total: None,
) -> Manifest:
    """Copy a model into the store, compiled; then `name` names it everywhere, and `source` is not needed any more.

    A checkpoint becomes two networks, one for classification and one for feature vectors; everything else is
    what it is.

    Args:
        source: The path of a SavedModel, a TF-Slim checkpoint of MobileNet V1, an archive of one, a .tflite, or
            a model that `train` has written, which says itself what the options say.
        name: What to call it.
        labels: A file with a label a class; None: the labels in the model, or ImageNet's for 1000 and 1001 classes.
        image_size: The side of its input in pixels; None: what it is fixed to, else what `source` or `name`
            tells ("…_0.75_224"), else 128.
        output: "logits" or "probabilities"; None: found out by trying it on random images.
        license: SPDX name of its licence, if known.
        overwrite: Replace a model of that name.
        progress: Called as long work proceeds.

    Raises:
        InputError: The name cannot be used, or there is nothing at `source`.
        ModelError: `source` is damaged, no model, or does not fit the labels or the size.
    """
    _check_name(name)
    local = Local.find(source)
    if local is None:
        raise InputError(f"{source} does not exist")
    origin = Origin(name=name, key=name, local=local, license=license, image_size=size_in(local.path.name, name))

    def build(folder: Path) -> Manifest:
        manifest = None
        for kind in local.kinds:
            manifest = builder.build(folder, manifest, local, kind)
        assert manifest is not None  # noqa: S101 - every model is of one kind at least
        return manifest

    with making(name, name, progress) as process:
        if name in store.names() and not overwrite:
            raise InputError(f"{name} is in the store already; --overwrite replaces it")
        if local.form == "model":
            if labels or image_size or output or license:
                raise InputError(f"{source} is a model that says of itself what it is; it takes no more options")
            return store.publish(name, lambda folder: in_place.copy(local.path, folder, name))
        builder = Builder(origin, process, progress, image_size, output, labels, copied=True)
        return store.publish(name, build)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a model's name: take letters, digits, '.', '_' and '-', 64 at most, "
            "with a letter or a digit first"
        )
    if name == registry.AUTO or name in registry.ENTRIES or name.startswith(_STORES_OWN):
        raise InputError(
            f"{name!r} names something already; take another name (MNCLASSIFY_MODEL makes it the one that is "
            "used where none is named)"
        )
