"""`mnclassify xmp RESULTS…`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.options import terminal_options
from mobilenet_cli.cli.saved_results import opened, results_argument, root_option
from mobilenet_cli.cli.sidecars import Sidecars, sidecar_name_option
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import counted

if TYPE_CHECKING:
    from mobilenet_cli.sidecars.files import SidecarName


@click.command("xmp", cls=Command)
@results_argument
@sidecar_name_option
@click.option(
    "--each",
    type=click.FloatRange(0, 1),
    metavar="SCORE",
    help="For a multi-label model: write every label with at least this score.",
)
@root_option
@terminal_options
def command(
    files: tuple[str, ...],
    sidecar_name: SidecarName | None,
    each: float | None,
    root: str,
    terminal: Terminal,
) -> int:
    """Write keywords from saved results to XMP sidecar files.

    Each image gets the keywords that classify --xmp would have written: the sure label and its kinds, as they are in
    RESULTS, without running the model. RESULTS are files written by classify (.jsonl, .json, .csv, .tsv, .parquet, or
    a folder of part files); use - for standard input. To remove the keywords, use classify --xmp-remove.

    \b
    Examples:
      mnclassify photos/ -o results.jsonl
      mnclassify xmp results.jsonl
      mnclassify xmp labels.csv --root /mnt/photos
    """
    sidecars = Sidecars(terminal, sidecar_name or "auto", each)
    done = failed = 0
    with opened(files) as results, terminal.counting("Writing sidecars") as progress:
        for result in results:
            done += 1
            failed += result.status == "error"
            sidecars.write(replace(result, path=_below(root, result.path)))
            progress.advance(failed=result.status == "error")
    if failed:
        terminal.note(f"{counted(failed, 'image')} without labels in the results: no sidecar")
    if not done:
        terminal.note("no results found")
    code = sidecars.conclude(ExitCode.OK if done and not sidecars.all_are_missing else ExitCode.FAILED)
    if sidecars.all_are_missing:
        terminal.error("none of the images is there: --root names the folder that classify ran in")
    return code


def _below(root: str, path: str) -> str:
    """Return a row's path as it was typed, or below the root; a URL and standard input are nowhere below it."""
    return path if root == "." or path == STDIN or is_url(path) else os.path.join(root, path)  # noqa: PTH118
