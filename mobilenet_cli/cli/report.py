"""`mnclassify report RESULTS…`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.decoding_options import previews_option
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.options import terminal_options
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.errors import InputError
from mobilenet_cli.files.open import open_output
from mobilenet_cli.files.part_file import PartFile
from mobilenet_cli.html.report import SIDE, TITLE, write
from mobilenet_cli.inputs.stdin import STDIN, open_stdin
from mobilenet_cli.machine.paths import same_file
from mobilenet_cli.text import counted, printable

if TYPE_CHECKING:
    from mobilenet_cli.html.summary import Summary
    from mobilenet_cli.records import Result


@click.command("report", cls=Command)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="RESULTS…",
    type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True),
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=completion.files,
    help="Write the page to FILE, which appears once it is complete.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@click.option("--title", default=TITLE, show_default=True, help="Title of the page.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    metavar="FOLDER",
    help="Folder that the paths in RESULTS start from: where classify ran  [default: current folder]",
)
@click.option("--no-thumbnails", is_flag=True, help="Leave out the thumbnails: 0.2 kB per image instead of 6.")
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
    title: str,
    root: str,
    no_thumbnails: bool,
    thumbnail_size: int,
    fast_previews: bool,
    terminal: Terminal,
) -> None:
    """Make an HTML page from saved results.

    For each image, the page shows a thumbnail, the sure label and its kinds, the best classes, and a warning if only
    part of the image could be read. You can filter by kind, or for images without a sure label, and search labels,
    kinds, wnids and paths. The page is a single file that works offline and without the images. RESULTS are files
    written by classify -f jsonl or -f json; use - for standard input.

    \b
    Examples:
      mnclassify photos/ -o results.jsonl
      mnclassify report results.jsonl -o report.html
      mnclassify photos/ -f jsonl | mnclassify report - -o report.html
    """
    if output in (None, STDIN) and stdout_is_terminal():
        raise click.UsageError("the page would go to the terminal: give -o FILE")
    if output is not None and any(same_file(output, file) for file in files):
        raise click.UsageError(f"{printable(output)} has the results: write the page to another file")

    with ExitStack() as stack:
        stream = stack.enter_context(open_output(output, overwrite=overwrite, resumable=False))
        readable = [_Results(file, stack.enter_context(_opened(file))) for file in files]
        page = stack.enter_context(stream.replacing() if isinstance(stream, PartFile) else nullcontext(stream))
        progress = stack.enter_context(terminal.counting("Making pictures"))

        def advance(done: int, total: int) -> None:
            if done == 1:
                progress.set_total(total)
            progress.advance(failed=False)

        summary = write(
            lambda: _results(readable),
            page,
            title=title,
            root=root,
            side=None if no_thumbnails else thumbnail_size,
            fast_previews=fast_previews,
            progress=advance,
        )
    if output is not None and Path(output).is_file():
        _print_size(terminal, output, summary)
    missing = summary.images - summary.failed - summary.pictures
    if missing and not no_thumbnails:
        terminal.note(f"no picture of {counted(missing, 'image')}: --root names the folder that classify ran in")


class _Results(NamedTuple):
    """An open file of results and its name for error messages."""

    name: str
    stream: BinaryIO


def _opened(file: str) -> BinaryIO:
    """Open a file for reading several times. A pipe is copied to a temporary file first."""
    try:
        if file != STDIN and Path(file).is_file():
            return Path(file).open("rb")
        copy: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes what this returns
        with open_stdin() if file == STDIN else Path(file).open("rb") as stream:
            shutil.copyfileobj(stream, copy)
    except (ValueError, AttributeError) as error:
        raise InputError("cannot read standard input: it is closed") from error
    except OSError as error:
        raise InputError(f"cannot read {printable(file)}: {error.strerror}") from error
    return copy


def _results(files: Sequence[_Results]) -> Iterator[Result]:
    from mobilenet_cli.writers.json_reading import read_results

    for name, stream in files:
        stream.seek(0)
        try:
            yield from read_results(stream)
        except ValueError as error:
            raise InputError(
                f"{printable(name)}: {error}. A report is made from JSON Lines or JSON: "
                "`mnclassify SOURCES… -o results.jsonl` writes them."
            ) from error


def _print_size(terminal: Terminal, file: str, summary: Summary) -> None:
    size = Path(file).stat().st_size
    each = f", {size / summary.images / 1000:.1f} kB per image" if summary.images else ""
    terminal.note(f"{counted(summary.images, 'image')} in {printable(file)} ({size / 1e6:.1f} MB{each})")
