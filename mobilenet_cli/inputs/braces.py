"""`shard-{0000..0999}.tar` → the thousand names that it stands for, as in bash and in WebDataset's lists of shards."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def has_range(argument: str) -> bool:
    """Return whether an argument has a range of numbers in braces."""
    return _RANGE.search(argument) is not None


def expand_ranges(argument: str) -> Iterator[str]:
    """Yield the names that an argument stands for, the last range running fastest; itself where it has no range.

    The numbers have as many digits as the longer end, if either begins with 0; a range may run backwards.
    """
    match = _RANGE.search(argument)
    if match is None:
        yield argument
        return
    first, last = match.groups()
    digits = max(len(first), len(last)) if any(len(end) > 1 and end[0] == "0" for end in (first, last)) else 0
    step = 1 if int(first) <= int(last) else -1
    for number in range(int(first), int(last) + step, step):
        for rest in expand_ranges(argument[match.end() :]):
            yield f"{argument[: match.start()]}{number:0{digits}}{rest}"
