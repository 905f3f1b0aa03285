"""Keeping only the images that show something."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from mobilenet_cli.records import Result


def matches(result: Result, patterns: Sequence[str]) -> bool:
    """Return whether one of a Result's labels or wnids matches one of the shell patterns, in any case.

    Every Result matches where there are no patterns; one without predictions matches none.
    """
    if not patterns:
        return True
    names = [name.lower() for each in result.predictions for name in (each.label, each.wnid)]
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in names)
