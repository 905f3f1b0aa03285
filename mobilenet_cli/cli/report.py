"""`mnclassify report RESULTS…`."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.decoding_options import previews_option
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.options import terminal_options
from mobilenet_cli.cli.page_options import PageLook, page_options
from mobilenet_cli.cli.saved_results import opened, results_argument, root_option
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.errors import MnclassifyError
from mobilenet_cli.files.open import open_output
from mobilenet_cli.files.part_file import PartFile
from mobilenet_cli.html.report import SIDE, write
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.machine.paths import same_file
from mobilenet_cli.text import counted, printable

if TYPE_CHECKING:
    from mobilenet_cli.html.summary import Summary

_ENDINGS = (".html", ".htm", "")
"""How the name of a page may end. Without an ending, as in /dev/stdout, it promises nothing else."""


@click.command("report", cls=Command)
@results_argument
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=completion.files,
    help="Write the page to FILE, which appears once it is complete.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.option("--title", help="Title of the page  [default: name of the images' folder, and the date]")
@root_option
@page_options
@click.option("--no-thumbnails", is_flag=True, help="Short for --thumbnails none.")
@click.option(
    "--thumbnail-size",
    type=click.IntRange(16, 1024),
    default=SIDE,
    show_default=True,
    metavar="PIXELS",
    help="Longer side of a thumbnail.",
)
@previews_option
@terminal_options
def command(
    files: tuple[str, ...],
    output: str | None,
    overwrite: bool,
    title: str | None,
    look: PageLook,
    root: str,
    no_thumbnails: bool,
    thumbnail_size: int,
    fast_previews: bool,
    terminal: Terminal,
) -> None:
    """Make an HTML page from saved results.

    For each image, the page shows a thumbnail that leads to the original, the sure label with its kinds, and other
    likely classes. You can search and filter, select images, and save their paths as a list for --from. The page is a
    single file that works offline and without the images, unless --thumbnails beside is given. RESULTS are files
    written by classify (.jsonl, .json, .parquet, .csv, .tsv, or a folder of part files); use - for standard input. CSV
    and TSV lack the images' sizes and the kinds' scores.

    \b
    Examples:
      mnclassify photos/ -o results.jsonl
      mnclassify report results.jsonl -o report.html
      mnclassify photos/ -f jsonl | mnclassify report - -o report.html
    """
    if overwrite and output in (None, STDIN):
        raise click.UsageError("--overwrite needs -o FILE")
    if output in (None, STDIN) and stdout_is_terminal():
        raise click.UsageError("the page would go to the terminal: give -o FILE")
    if output is not None and any(same_file(output, file) for file in files):
        raise click.UsageError(f"{printable(output)} has the results: write the page to another file")

    to_file = output if output != STDIN else None
    if to_file is not None and Path(to_file).suffix.lower() not in _ENDINGS:
        raise click.UsageError(f"{printable(to_file)}: the page is HTML, so its name ends in .html (or .htm)")
    look.check(to_file)
    with_pictures = look.thumbnails != "none" and not no_thumbnails

    with ExitStack() as stack:
        stream = stack.enter_context(open_output(output, overwrite=overwrite, resumable=False))
        results = stack.enter_context(opened(files))
        if next(iter(results), None) is None:
            raise MnclassifyError("no results found")
        page = stack.enter_context(stream.replacing() if isinstance(stream, PartFile) else nullcontext(stream))
        progress = stack.enter_context(terminal.counting("Making pictures"))

        def advance(done: int, total: int) -> None:
            if done == 1:
                progress.set_total(total)
            progress.advance(failed=False)

        summary = write(
            lambda: results,
            page,
            file=to_file or "",
            title=title,
            root=root,
            side=thumbnail_size if with_pictures else None,
            beside=look.thumbnails == "beside",
            link_base=look.link_base,
            fast_previews=fast_previews,
            progress=advance,
        )
    if output is not None and Path(output).is_file():
        _print_size(terminal, output, summary)
    missing = summary.images - summary.failed - summary.pictures
    if missing and with_pictures:
        terminal.note(f"no picture of {counted(missing, 'image')}: --root names the folder that classify ran in")


def _print_size(terminal: Terminal, file: str, summary: Summary) -> None:
    size = Path(file).stat().st_size
    each = f", {size / summary.images / 1000:.1f} kB per image" if summary.images else ""
    terminal.note(f"{counted(summary.images, 'image')} in {printable(file)} ({size / 1e6:.1f} MB{each})")
