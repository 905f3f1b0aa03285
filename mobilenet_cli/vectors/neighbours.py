"""Neighbours → a table, CSV or JSONL. FORMATS is the one table of formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from mobilenet_cli.csv_lines import LineMaker
from mobilenet_cli.similar import Neighbour
from mobilenet_cli.text import printable, valid_utf8
from mobilenet_cli.writers.json_lines import encoded

DECIMALS = 6
"""Cosines of float32 vectors agree to about seven decimals between engines and batch sizes."""


def _table(neighbours: Sequence[Neighbour]) -> str:
    # The path comes last, so that no width has to be found for it, and nothing is cut off or folded.
    lines = [f"{each.similarity:10.4f}  {printable(each.path)}" for each in neighbours]
    return "\n".join(["Similarity  File", "─" * 40, *lines, ""]) if lines else ""


def _csv(neighbours: Sequence[Neighbour]) -> str:
    maker = LineMaker(",")
    values = ((each.rank, each.path, f"{each.similarity:.{DECIMALS}f}") for each in neighbours)
    return valid_utf8("".join(maker.line(row) for row in (("rank", "path", "similarity"), *values)))


def _jsonl(neighbours: Sequence[Neighbour]) -> str:
    objects = (
        {"rank": each.rank, "path": each.path, "similarity": round(each.similarity, DECIMALS)} for each in neighbours
    )
    return "".join(f"{encoded(each).decode()}\n" for each in objects)


FORMATS: Mapping[str, Callable[[Sequence[Neighbour]], str]] = MappingProxyType(
    {"table": _table, "csv": _csv, "jsonl": _jsonl}
)
"""By name, what makes the document."""
