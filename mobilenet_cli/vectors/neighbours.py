"""Neighbours → a table, CSV or JSONL. FORMATS is the one table of formats."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from mobilenet_cli.similar import Neighbour
from mobilenet_cli.writers.json_lines import encoded
from mobilenet_cli.writers.text import printable, valid_utf8

DECIMALS = 6
"""Cosines of float32 vectors agree to about seven decimals between engines and batch sizes."""


def _table(neighbours: Sequence[Neighbour]) -> str:
    # The path comes last, so that no width has to be found for it, and nothing is cut off or folded.
    lines = [f"{each.similarity:10.4f}  {printable(each.path)}" for each in neighbours]
    return "\n".join(["Similarity  File", "─" * 40, *lines, ""]) if lines else ""


def _csv(neighbours: Sequence[Neighbour]) -> str:
    text = io.StringIO(newline="")
    # As in writers.delimited: with "\n" alone, a field with "\r" would not be quoted.
    rows = csv.writer(text, lineterminator="\r\n")
    lines = []
    values = ((each.rank, each.path, f"{each.similarity:.{DECIMALS}f}") for each in neighbours)
    for row in (("rank", "path", "similarity"), *values):
        rows.writerow(row)
        lines.append(text.getvalue().removesuffix("\r\n") + "\n")
        text.seek(0)
        text.truncate()
    return valid_utf8("".join(lines))


def _jsonl(neighbours: Sequence[Neighbour]) -> str:
    objects = (
        {"rank": each.rank, "path": each.path, "similarity": round(each.similarity, DECIMALS)} for each in neighbours
    )
    return "".join(f"{encoded(each).decode()}\n" for each in objects)


FORMATS: Mapping[str, Callable[[Sequence[Neighbour]], str]] = MappingProxyType(
    {"table": _table, "csv": _csv, "jsonl": _jsonl}
)
"""By name, what makes the document."""
