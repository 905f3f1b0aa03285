"""From a file's name to the format that its ending means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from mobilenet_cli.errors import InputError
from mobilenet_cli.text import printable


class _HasEndings(Protocol):
    @property
    def endings(self) -> tuple[str, ...]: ...


_AnyFormat = TypeVar("_AnyFormat", bound=_HasEndings)


def by_ending(path: str, formats: Mapping[str, _AnyFormat], what: str) -> _AnyFormat:
    """Return the format that the ending of the file name `path` means, in upper or lower case.

    Raises:
        InputError: The ending means none; the message calls the formats `what`, and lists the endings.
    """
    for each in formats.values():
        if path.lower().endswith(each.endings):
            return each
    known = ", ".join(ending for each in formats.values() for ending in each.endings)
    raise InputError(
        f"{printable(path)}: cannot tell {what} from the file's ending. "
        f"Use one of {known}, or name the format with --format."
    )
