"""The precisions at which a network can run, and which of them this processor is fast at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mobilenet_cli.machine.instructions import instructions

Precision = Literal["float32", "bfloat16", "int8"]
"""The type of the numbers that a network multiplies."""

DEFAULT: Precision = "float32"

LEAST_PHOTOGRAPHS = 5
"""How many photographs it takes to round a network to another precision."""


@dataclass(frozen=True, slots=True)
class _Need:
    """The instructions that multiply a type of numbers faster than float32.

    Attributes:
        any_of: Their names in /proc/cpuinfo, one of which is enough.
        title: Their names as processors are sold by.
    """

    any_of: frozenset[str]
    title: str


_NEEDS: dict[Precision, _Need] = {
    "bfloat16": _Need(frozenset({"avx512_bf16", "amx_bf16"}), "AVX-512 BF16 or AMX"),
    "int8": _Need(frozenset({"avx512_vnni", "avx_vnni", "asimddp"}), "AVX-512 VNNI, AVX-VNNI or Arm's dot product"),
}


def unsuited(precision: Precision) -> str | None:
    """Return why this processor is no faster at a precision than at float32, or None where it is."""
    need = _NEEDS.get(precision)
    if need is None or need.any_of & instructions():
        return None
    return f"this processor has no instructions for {precision} ({need.title})"
