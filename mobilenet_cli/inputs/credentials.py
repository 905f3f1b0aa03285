"""A Source whose URL holds a user and a password: they are used to fetch it, and are in no record."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from mobilenet_cli.records import Elsewhere, Source
from mobilenet_cli.remote.urls import without_credentials

_OneSource = TypeVar("_OneSource", bound=Source)


def hidden(source: _OneSource) -> _OneSource:
    """Return a Source as its record may show it."""
    path = without_credentials(source.path)
    if path == source.path:
        return source
    is_read = source.content is None and source.data is None and source.error is None
    return replace(
        source,
        path=path,
        content=Elsewhere(source.path) if is_read else source.content,
        archive=source.archive and without_credentials(source.archive),
    )
