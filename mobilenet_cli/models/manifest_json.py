"""A manifest's file as JSON, and the digest by which a trained model's shows that it has changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

MOST_BYTES = 64 << 20
"""How many bytes a manifest may have: one of a trained model lists its classes."""
# In `training`, since earlier versions of this program keep whatever is in there, and refuse other new fields.
_DIGEST = "manifest_sha256"


def read_bytes(file: Path) -> bytes:
    """Return what a manifest's file holds.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is no regular file, or too large.
    """
    if not file.is_file() and os.path.lexists(file):
        raise ValueError("it is no regular file")
    with file.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
    return content


def parsed_json(data: bytes) -> dict[str, Any]:
    """Return a manifest's values. Raises a ValueError or RecursionError where they are no JSON object."""
    values = json.loads(data)
    if not isinstance(values, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - one error for all that is wrong with it
    return values


def add_digest(values: dict[str, Any]) -> None:
    """Add the digest of a trained model's manifest to its `training`."""
    values["training"] |= {_DIGEST: _digest(json.loads(json.dumps(values)))}


def check_digest(values: dict[str, Any]) -> None:
    """Take the digest out of a manifest, if it has one.

    Raises:
        ValueError: The manifest is not what it was when it was written.
    """
    training = values.get("training")
    expected = training.pop(_DIGEST, None) if isinstance(training, dict) else None
    if expected is not None and expected != (actual := _digest(values)):
        raise ValueError(f"it has changed since it was written: SHA-256 {actual}, not {expected}")


def _digest(values: dict[str, Any]) -> str:
    import hashlib

    stated = {name: value for name, value in values.items() if name != "version"}
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()
