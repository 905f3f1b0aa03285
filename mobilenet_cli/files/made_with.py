"""The options that a run's rows were made with, kept beside them: `--resume` adds no rows of other options.

They are a small JSON object: FILE.meta beside FILE, FILE.part.meta beside FILE.part, `_options.json` in a folder of
parts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from mobilenet_cli.text import is_same_model, printable

MODEL = "model"
"""The key of the model's name. All others are options as they are typed ("--sure")."""
SUFFIX = ".meta"


class Content(NamedTuple):
    """The value of an option that names a file or folder.

    Attributes:
        name: Its name.
        sha256: The hash, in hexadecimal, of what counts in it; it alone is compared.
    """

    name: str
    sha256: str


Value = str | bool | Content | None
"""An option's value: its text; True for a flag; None for one that was not given; or a Content."""
MadeWith = Mapping[str, Value]

_FIRST_BYTES = b'{"made with": {'


def encoded(options: MadeWith) -> bytes:
    """Return the options as the content of their file."""
    text = ",\n ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in options.items())
    return _FIRST_BYTES + b"\n " + text.encode() + b"\n}}\n"


def is_ours(data: bytes) -> bool:
    """Return whether a file is one of options, by its beginning; an empty one is of a run that was killed."""
    return _FIRST_BYTES.startswith(data[: len(_FIRST_BYTES)])


def decoded(data: bytes | None) -> MadeWith | None:
    """Return the options in the content of their file; None where there is none, or it is damaged."""
    if data is None:
        return None
    try:
        found: dict[str, Any] = json.loads(data)["made with"]
        return {name: Content(*value) if isinstance(value, list) else value for name, value in found.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def check(before: MadeWith, now: MadeWith) -> None:
    """Refuse rows that were made with other options. One that only one side knows is of another version: no reason.

    Raises:
        ValueError: The message names each option with both values, and follows the file's name and a colon.
    """
    other = [name for name in now if name in before and not _same(name, before[name], now[name])]
    reasons = []
    if MODEL in other:
        reasons.append(f"its rows are by the model {_text(before[MODEL])}, not {_text(now[MODEL])}")
        other.remove(MODEL)
    if other:
        given = (f"{_given(name, before[name])}, not {_given(name, now[name])}" for name in other)
        reasons.append(f"its rows were made {'; '.join(given)}")
    if reasons:
        raise ValueError("; ".join(reasons))


def _same(name: str, one: Value, other: Value) -> bool:
    if name == MODEL:
        return is_same_model(str(one), str(other))
    if isinstance(one, Content) and isinstance(other, Content):
        return one.sha256 == other.sha256
    return one == other


def _given(name: str, value: Value) -> str:
    if value is None:
        return f"without {name}"
    return f"with {name}" if value is True else f"with {name} {_text(value)}"


def _text(value: Value) -> str:
    if isinstance(value, Content):
        return f"{printable(value.name)} (SHA-256 {value.sha256[:8]}…)"
    return printable(str(value))
