"""What a converted SavedModel takes, in a file in its folder: written as it is converted, read as it is compiled."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import ModelError

_FILE = "network_input.json"


def write(folder: Path, known: Input) -> None:
    """Write it."""
    (folder / _FILE).write_text(json.dumps(asdict(known)), encoding="utf-8")


def read(folder: Path) -> Input | None:
    """Return what was written, None where nothing was.

    Raises:
        ModelError: The file is damaged.
    """
    try:
        return Input.read(json.loads((folder / _FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / _FILE} is damaged: {error}") from error
