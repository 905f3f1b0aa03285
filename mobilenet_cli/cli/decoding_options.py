"""The options that say how images are decoded, and what that may take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import click

from mobilenet_cli.cli.help import under
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.images.allowance import MAX_PIXELS, TIMEOUT, Allowance

_HEADING = "Decoding"
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@dataclass(frozen=True, slots=True)
class DecodingChoice:
    """How images are decoded."""

    fast_previews: bool
    allowance: Allowance

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of Classifier and Embedder."""
        return {"fast_previews": self.fast_previews, "allowance": self.allowance}


class _Bytes(click.ParamType[int]):
    """A number of bytes: 1500M, 2G, 2GiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", str(value).strip().lower())
        if found is None or not (count := int(float(found[1]) * _UNITS[found[2]])):
            self.fail(f"{value!r} is not a size such as 500M or 2G", param, ctx)
        return count


def _decoding(
    fast_previews: bool, memory: int | None, max_pixels: int, timeout: float, isolate: bool
) -> DecodingChoice:
    return DecodingChoice(fast_previews, Allowance(memory, max_pixels, timeout, isolate))


_previews = click.option(
    "--fast-previews",
    is_flag=True,
    help="Read the preview that a camera wrote into a JPEG where it is large enough. It may show what the "
    "photograph was before it was edited.",
)
previews_option = under(_HEADING, _previews)
"""For a command that decodes small copies alone."""

decoding_options = option_group(
    "decoding",
    _decoding,
    _previews,
    click.option(
        "--memory",
        type=_Bytes(),
        metavar="SIZE",
        help="Memory for all images that are being decoded, such as 2G. An image that needs more is an error  "
        "[default: half of what is available]",
    ),
    click.option(
        "--max-pixels",
        type=click.IntRange(min=0),
        default=MAX_PIXELS,
        metavar="N",
        help=f"Refuse images of more pixels, as far as they have to be decoded; 0: no limit  [default: {MAX_PIXELS:,}]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, max=1e6),
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"Give up an image that takes longer to decode; 0: no limit  [default: {TIMEOUT:g}]",
    ),
    click.option(
        "--isolate",
        is_flag=True,
        help="Decode in processes of their own, for images from strangers: a crash is an error of one image.",
    ),
    heading=_HEADING,
    but=("memory", "max_pixels", "timeout", "isolate"),
)
