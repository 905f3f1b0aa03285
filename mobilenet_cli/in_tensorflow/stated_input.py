"""The input of a converted SavedModel, in a file in its folder: written as it is converted, read as it is compiled.

It comes after what the network's own operations show: a network of a known form may stand behind a rescaling.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import ModelError

_FILE = "network_input.json"


@dataclass(frozen=True, slots=True)
class StatedInput:
    """The numbers that a network takes, as known from its origin.

    Attributes:
        input: The numbers.
        usually: How a warning says why they are taken, where such a network takes them as a rule, but not always; ""
            where it always does.
    """

    input: Input
    usually: str = ""


def write(folder: Path, stated: StatedInput) -> None:
    """Write it."""
    (folder / _FILE).write_text(json.dumps(asdict(stated)), encoding="utf-8")


def read(folder: Path) -> StatedInput | None:
    """Return what was written, None where nothing was.

    Raises:
        ModelError: The file is damaged.
    """
    try:
        values = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return StatedInput(Input.read(values["input"]), str(values["usually"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / _FILE} is damaged: {error}") from error
