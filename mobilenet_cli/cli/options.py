"""Options that many commands share: the pace, the messages, and the score of a sure label.

The others have modules of their own: `model_options`, `output_options`, `input_options`, `record_options`.
"""

from __future__ import annotations

from dataclasses import dataclass

import click

from mobilenet_cli import cli
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.images.preprocess import silence_decoder_warnings
from mobilenet_cli.machine import native_logs
from mobilenet_cli.records import SURE


@dataclass(frozen=True, slots=True)
class Pace:
    """The batch size and the number of workers; None is the default."""

    batch_size: int | None
    workers: int | None


pace_options = option_group(
    "pace",
    Pace,
    click.option(
        "--batch-size",
        type=click.IntRange(1, 1024),
        metavar="N",
        help="Images per inference batch  [default: the engine's own]",
    ),
    click.option(
        "-j",
        "--workers",
        "--jobs",
        "workers",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Worker threads  [default: one per available core]",
    ),
    heading="Speed",
    shape_rows=False,
)


def _terminal(quiet: bool, verbose: int, progress: bool | None) -> Terminal:
    silence_decoder_warnings()
    if verbose < 2 and cli.own_stderr is not None:
        native_logs.keep_messages(cli.own_stderr)
        native_logs.discard()
    return Terminal(quiet=quiet, verbosity=verbose, progress=progress)


terminal_options = option_group(
    "terminal",
    _terminal,
    click.option("-q", "--quiet", is_flag=True, help="Only print errors."),
    click.option("-v", "--verbose", count=True, help="Print more; -vv adds logs and tracebacks."),
    click.option("--progress/--no-progress", default=None, help="Show progress  [default: if stderr is a terminal]"),
    heading="Messages",
    shape_rows=False,
)


sure_option = click.option(
    "--sure",
    type=click.FloatRange(0, 1),
    default=SURE,
    show_default=True,
    metavar="SCORE",
    help="Minimum score of a sure label; a word scores the sum of its classes.",
)
