"""The hashes of models that were downloaded, by their places: what is first downloaded from one is trusted, no change.

For models whose publishers say no hash. They stay when a model is removed from the store.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from mobilenet_cli.in_tensorflow.downloads.expected import Expected
from mobilenet_cli.machine.home import home


def expected(place: str) -> Expected:
    """Return what a download from a place is expected to be."""
    file = _file(place)
    try:
        sha256 = json.loads(file.read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        sha256 = ""
    return Expected(sha256 if isinstance(sha256, str) else "", str(file))


def keep(place: str, sha256: str) -> None:
    """Note the hash of what was downloaded from a place. A store that cannot be written is left as it is."""
    if sha256:
        with contextlib.suppress(OSError):
            file = _file(place)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"place": place, "sha256": sha256}), encoding="utf-8")


def _file(place: str) -> Path:
    import hashlib

    return home() / "downloaded" / f"{hashlib.sha256(place.encode()).hexdigest()[:32]}.json"
