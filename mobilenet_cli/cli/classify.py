"""`mnclassify [classify] SOURCES…`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from typing import Any

import click

from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.matching import matches
from mobilenet_cli.models.registry import AUTO
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import Result
from mobilenet_cli.writers import FORMATS, Format, Layout, Writer, format_of
from mobilenet_cli.writers.output import open_output
from mobilenet_cli.writers.text import printable


@click.command("classify")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCES…")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders of this name.")
@click.option("--include-hidden", is_flag=True, help="Also take files and folders whose name begins with a dot.")
@click.option("--no-recursive", is_flag=True, help="Leave out a folder's subfolders.")
@click.option(
    "-m",
    "--model",
    default=AUTO,
    show_default=True,
    envvar="MNCLASSIFY_MODEL",
    show_envvar=True,
    metavar="NAME|URL|PATH",
    help="A model's name, a TF Hub handle or a SavedModel folder.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "litert", "tensorflow"]),
    default="auto",
    show_default=True,
    help="What runs the model.",
)
@click.option("--image-size", type=int, metavar="PIXELS", help="Side of the model's input  [default: the model's]")
@click.option(
    "--crop",
    type=click.Choice(["center", "squash", "pad"]),
    help="How an image becomes a square  [default: the model's]",
)
@click.option("--labels", type=click.Path(exists=True, dir_okay=False), help="A file with a label a line.")
@click.option("-k", "--top-k", type=click.IntRange(min=1), default=5, show_default=True, help="Labels an image.")
@click.option(
    "-t",
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Leave out labels with a lower score.",
)
@click.option("--match", multiple=True, metavar="GLOB", help="Keep images with such a label or wnid in their top-k.")
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="[default: by -o's ending, else table on a terminal, else csv]",
)
@click.option("--long", is_flag=True, help="CSV and TSV: a row a label instead of a row an image.")
@click.option("--print0", is_flag=True, help="With -f path: end each path with a NUL byte, for xargs -0.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, which appears when it is complete.")
@click.option("--overwrite", is_flag=True, help="Replace FILE where it exists.")
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Images a call of the network.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Threads  [default: usable cores]")
@click.option("-q", "--quiet", is_flag=True, help="Tell nothing but errors.")
@click.option("-v", "--verbose", count=True, help="Tell more; -vv shows logs and tracebacks.")
@click.option("--progress/--no-progress", default=None, help="Show progress  [default: where stderr is a terminal]")
def command(
    sources: tuple[str, ...],
    exclude: tuple[str, ...],
    include_hidden: bool,
    no_recursive: bool,
    model: str,
    engine: Any,
    image_size: int | None,
    crop: Any,
    labels: str | None,
    top_k: int,
    threshold: float,
    match: tuple[str, ...],
    format_name: str | None,
    long: bool,
    print0: bool,
    output: str | None,
    overwrite: bool,
    batch_size: int | None,
    workers: int | None,
    quiet: bool,
    verbose: int,
    progress: bool | None,
) -> int:
    """Label each image in SOURCES with its most likely classes.

    SOURCES are files, folders, quoted globs, or - for one image on standard input.

    \b
    Examples:
      mnclassify photos/
      mnclassify photos/ -o labels.csv
      curl -s https://example.org/cat.jpg | mnclassify -
      mnclassify '~/Pictures/**/*.heic' -f jsonl | jq -r .predictions[0].label
      mnclassify photos/ --match '*cat*' -f path --print0 | xargs -0 cp -t cats/
    """
    terminal = Terminal(quiet=quiet, verbosity=verbose, progress=progress)
    chosen = _format(format_name, output)
    if long and chosen.name not in ("csv", "tsv"):
        raise click.UsageError(f"--long goes with -f csv and -f tsv, not with {chosen.name}")
    if print0 and chosen.name != "path":
        raise click.UsageError(f"--print0 goes with -f path, not with {chosen.name}")

    from mobilenet_cli.inputs import count_sources, find_sources
    from mobilenet_cli.preprocess import silence_decoder_warnings

    silence_decoder_warnings()
    choice: dict[str, Any] = {
        "recursive": not no_recursive,
        "include_hidden": include_hidden,
        "exclude": exclude,
    }
    with terminal.warnings_shown(), open_output(output, overwrite=overwrite) as stream:
        with terminal.waiting() as report:
            from mobilenet_cli.classifier import Classifier

            classifier = Classifier(
                model, engine=engine, image_size=image_size, crop=crop, labels=labels, report=report
            )
        results = classifier.classify(
            find_sources(sources, stdin=sys.stdin.buffer, **choice),
            top_k=top_k,
            threshold=threshold,
            batch_size=batch_size,
            workers=workers,
        )
        writer = chosen.make(stream, Layout(top_k, long=long, null=print0))
        with terminal.counting() as progress_line:
            if terminal.live:
                _count_in_background(partial(count_sources, sources, **choice), progress_line)
            done, failed = _write(results, writer, match, progress_line, terminal, chosen)
        writer.close()
    return _conclude(done, failed, output, terminal)


def _format(name: str | None, output: str | None) -> Format:
    if name is not None:
        return FORMATS[name]
    if output not in (None, "-"):
        return format_of(output)
    return FORMATS["table" if sys.stdout.isatty() else "csv"]


def _write(
    results: Iterable[Result],
    writer: Writer,
    match: tuple[str, ...],
    progress: Progress,
    terminal: Terminal,
    chosen: Format,
) -> tuple[int, int]:
    """Write the results and return how many there were, and how many of them failed."""
    done = failed = 0
    shares_terminal = terminal.live and sys.stdout.isatty()
    for result in results:
        done += 1
        failed += result.status == "error"
        progress.advance(failed=result.status == "error")
        wanted = matches(result, match)
        if result.status == "error" and (match or chosen.name == "path"):
            terminal.note(f"{printable(result.path)}: {result.error}")  # it has no row that could say so
        if wanted:
            with progress.hidden() if shares_terminal else nullcontext():
                writer.write(result)
    return done, failed


def _count_in_background(count: Callable[[], int], progress: Progress) -> None:
    threading.Thread(target=lambda: progress.set_total(count()), daemon=True).start()


def _conclude(done: int, failed: int, output: str | None, terminal: Terminal) -> int:
    if not done:
        terminal.note("no images found")
    elif failed:
        terminal.note(f"{failed:,} of {done:,} images could not be classified")
    if done and output not in (None, "-"):
        terminal.note(f"{done - failed:,} images labelled in {printable(output)}")
    return 0 if done and not failed else 1
