"""Keeping only the images that show something."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from mobilenet_cli.records import Result


def matches(result: Result, patterns: Sequence[str]) -> bool:
    """Return whether one of a Result's names matches one of the shell patterns, in any case.

    Its names are the labels and wnids of its sure label, its kinds and its predictions. Every Result matches where
    there are no patterns; one without a name matches none.
    """
    if not patterns:
        return True
    found = (*result.predictions, *result.kinds, *((result.label,) if result.label is not None else ()))
    names = [name.lower() for each in found for name in (each.label, each.wnid)]
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in names)
