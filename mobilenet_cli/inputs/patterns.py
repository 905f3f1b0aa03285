"""Which arguments are patterns, as in a shell."""

from __future__ import annotations

import re

_MAGIC = re.compile(r"[*?[]")


def is_pattern(argument: str) -> bool:
    """Return whether an argument has a `*`, `?` or `[`, the characters that make it a pattern."""
    return _MAGIC.search(argument) is not None


def literal_start(pattern: str) -> str:
    """Return the part of a pattern before its first `*`, `?` or `[`."""
    magic = _MAGIC.search(pattern)
    return pattern[: magic.start()] if magic else pattern
