"""A note that a model's network could not be had, so that "auto" does not ask an absent network at every start."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from mobilenet_cli.machine.home import home
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.records import NetworkKind

_SECONDS = 3600.0


def remembered(origin: Origin, kind: NetworkKind) -> str | None:
    """Return why the network of that kind could not be had in the last hour from the same sources, or None."""
    try:
        note = json.loads(_file(origin, kind).read_text(encoding="utf-8"))
        fresh = 0 <= time.time() - note["time"] < _SECONDS and note["places"] == _places(origin)
        return str(note["reason"]) if fresh else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no note, or a damaged one: then the sources are asked


def remember(origin: Origin, kind: NetworkKind, reason: str) -> None:
    """Note that the network cannot be had now, and why. A store that cannot be written is left as it is."""
    with contextlib.suppress(OSError):
        file = _file(origin, kind)
        file.parent.mkdir(parents=True, exist_ok=True)
        note = {"time": time.time(), "places": _places(origin), "reason": reason}
        file.write_text(json.dumps(note), encoding="utf-8")


def forget(origin: Origin, kind: NetworkKind) -> None:
    """Remove the note, so that the sources are asked again."""
    with contextlib.suppress(OSError):
        _file(origin, kind).unlink()


def _places(origin: Origin) -> list[str]:
    return [source.place for source in origin.sources]


def _file(origin: Origin, kind: NetworkKind) -> Path:
    return home() / "unavailable" / f"{origin.key}-{kind}.json"
