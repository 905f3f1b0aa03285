"""What a user names (a model's name, a handle, a path) → where it can come from and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models import registry
from mobilenet_cli.models.registry import Crop, Interpolation
from mobilenet_cli.models.sources import Source
from mobilenet_cli.models.sources.embedded import Embedded
from mobilenet_cli.models.sources.hub import Hub
from mobilenet_cli.models.sources.local import slug, store_name

_DEFAULT_SIZE = 128


@dataclass(frozen=True, slots=True)
class Origin:
    """A model before it is in the store.

    Attributes:
        name: What its records say.
        key: Its folder's name in the store.
        sources: Where to get it, in the order to try; none for a SavedModel used where it is.
        saved_model: The local SavedModel folder, or None.
        license: SPDX name of its licence, or "".
        image_size: Its input's side in pixels.
        crop: How the square is taken out of an image.
        interpolation: How an image is resized.
    """

    name: str
    key: str
    sources: tuple[Source, ...]
    saved_model: Path | None = None
    license: str = ""
    image_size: int = _DEFAULT_SIZE
    crop: Crop = "center"
    interpolation: Interpolation = "bilinear"


def origin_of(model: str) -> Origin:
    """Return what `model` names: a known model, a TF Hub handle (http or https), or a SavedModel folder.

    Raises:
        ModelError: It names nothing.
    """
    if model in registry.ENTRIES:
        return _of_entry(registry.ENTRIES[model])
    if model.startswith(("http://", "https://")):
        known = registry.entry_of_handle(model)
        return _of_entry(known) if known else _of_handle(model.rstrip("/"))
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "saved_model.pb").is_file():
            raise ModelError(f"{model} is a folder, but not a SavedModel: it has no saved_model.pb")
        return Origin(
            name=model,
            key=store_name(folder),
            sources=(),
            saved_model=folder.resolve(),
            image_size=_size_in(folder.resolve().name),
        )
    known_names = ", ".join((registry.AUTO, *registry.ENTRIES))
    raise ModelError(
        f"no model is called {model!r}, and there is no SavedModel folder of that name. "
        f"Known names: {known_names}; or give a TF Hub handle (https://…)"
    )


_SOURCES: dict[str, Callable[[registry.Entry], tuple[Source, ...]]] = {
    "mobilenet_v1": lambda entry: (Hub(entry.hub_handle),),
    "efficientnet_lite0": lambda entry: (Embedded(),),
}


def _of_entry(entry: registry.Entry) -> Origin:
    return Origin(
        name=entry.name,
        key=entry.name,
        sources=_SOURCES[entry.architecture](entry),
        license=entry.license,
        image_size=entry.image_size,
        crop=entry.crop,
        interpolation=entry.interpolation,
    )


def _of_handle(handle: str) -> Origin:
    return Origin(
        name=handle,
        key="hub-" + slug(handle.split("://", 1)[1]),
        sources=(Hub(handle),),
        image_size=_size_in(handle),
    )


def _size_in(name: str) -> int:
    """Guess the input's side from a name, as TF Hub's names tell it: "mobilenet_v2_100_224/classification"."""
    sizes = [int(digits) for digits in re.findall(r"(?<![0-9.])[0-9]{2,3}(?![0-9.])", name)]
    return next((size for size in reversed(sizes) if size in range(96, 513) and size % 16 == 0), _DEFAULT_SIZE)
