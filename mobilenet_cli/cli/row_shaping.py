"""The options that a command's rows are made with, for `--resume`: every option of which no group says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from mobilenet_cli.files.made_with import MODEL, Content, MadeWith, Value

if TYPE_CHECKING:
    from mobilenet_cli.models.acquire import Model
    from mobilenet_cli.records import ClassName


def made_with(model: Model, effective: Mapping[str, object]) -> MadeWith:
    """Return the options of the present command that shape its rows, and the model's name.

    Args:
        model: The model that makes them.
        effective: By parameter, the values in effect where they are not what was typed: a default that depends on
            the model, so that typing it makes no difference; None for an option that the format disregards.
    """
    found: dict[str, Value] = {MODEL: model.name}
    own = {"engine": model.engine, "image_size": model.image_size, "precision": model.precision}
    rounded_on = model.rounded_on
    context = click.get_current_context()
    values = {**context.params, **own, "precision_photos": rounded_on and Content(*rounded_on), **effective}
    for parameter in context.command.params:
        # The model has a name of its own, whatever was typed.
        if shapes_rows(parameter) and parameter.name is not None and parameter.name != "model":
            found[max(parameter.opts, key=len)] = _value(values.get(parameter.name))
    return found


def shapes_rows(parameter: click.Parameter) -> bool:
    """Return whether a row may differ where a parameter has another value."""
    return isinstance(parameter, click.Option) and getattr(parameter, "shapes_rows", True)


def labels_in(file: str | None, labels: Iterable[ClassName]) -> Content | None:
    """Return the value of --labels: the file's name, and the hash of what the classes are called."""
    if file is None:
        return None
    import hashlib

    names = "\n".join(each.label for each in labels)
    return Content(file, hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest())


def _value(value: object) -> Value:
    """Return a parameter's value as it is kept. The order of repeated options makes no difference."""
    if value is None or value is False or value == ():
        return None
    if value is True:
        return True
    if isinstance(value, Content):
        return value
    if isinstance(value, tuple):
        return ", ".join(sorted(set(map(str, value))))
    return f"{value:g}" if isinstance(value, float) else str(value)
