"""Looking after the store: models fetched ahead of their use, verified, removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mobilenet_cli.engines.precision import DEFAULT, Precision, unsuited
from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.home import home
from mobilenet_cli.models import AUTO, registry, store, unavailable
from mobilenet_cli.models.acquire import Model, acquire
from mobilenet_cli.models.catalogue import resolved
from mobilenet_cli.models.origin import origin_of
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind


def pull(
    model: str,
    kinds: Sequence[NetworkKind],
    image_size: int | None,
    progress: Progress,
    *,
    precision: Precision = DEFAULT,
    precision_photos: str | None = None,
) -> list[Model]:
    """Get a model's networks and compile them, so that later runs need neither the network nor TensorFlow.

    Args:
        model: What `--model` takes, "auto" included: that asks for the main model even where it could not be
            had a short while ago.
        kinds: Which of its networks.
        image_size: The side in pixels of the images to compile for; None: the model's own.
        progress: Called as long work proceeds.
        precision: As `acquire` takes it.
        precision_photos: As `acquire` takes it.

    Raises:
        InputError: The image size is out of range.
        ModelError: The model is unavailable, or this processor would not run it at the precision.

    Warns:
        ModelWarning: As `acquire`.
    """
    if (lack := unsuited(precision)) is not None:
        raise ModelError(
            f"{model} is not pulled at {precision}: {lack}; without --precision, it is pulled at {DEFAULT}"
        )
    if model == AUTO:
        for kind in kinds:
            unavailable.forget(origin_of(registry.MAIN), kind)
    options: dict[str, Any] = {"image_size": image_size, "precision": precision, "precision_photos": precision_photos}
    return [acquire(model, kind=kind, progress=progress, **options) for kind in kinds]


def verify(models: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each model's name with what is wrong with its files in the store, a line each.

    Args:
        models: Which; all that are in the store where none is named.

    Raises:
        ModelError: A named model is not in the store.
    """
    for model in models or store.names():
        key = model if model in store.names() else resolved(model).key
        if key not in store.names():
            raise ModelError(f"{model} is not in the store ({home()})")
        try:
            yield model, store.problems(key)
        except ModelError as error:
            yield model, [str(error)]


def remove(model: str) -> None:
    """Remove a model from the store.

    Raises:
        ModelError: It is not there, or cannot be removed.
    """
    store.remove(model if model in store.names() else resolved(model).key)
