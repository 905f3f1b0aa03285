"""`mnclassify [classify] SOURCES…`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import click

from mobilenet_cli.cli.options import (
    ModelChoice,
    Output,
    Pace,
    input_options,
    model_options,
    output_options,
    pace_options,
    terminal_options,
)
from mobilenet_cli.cli.sources import NamedSources
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.matching import matches
from mobilenet_cli.records import Result
from mobilenet_cli.resume import Resumption, check_resumable
from mobilenet_cli.writers import FORMATS, Format, Layout, format_of
from mobilenet_cli.writers.output import open_output
from mobilenet_cli.writers.part_file import PartFile
from mobilenet_cli.writers.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier


@click.command("classify")
@input_options
@model_options
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
@output_options
@pace_options
@terminal_options
def command(
    named: NamedSources,
    model: ModelChoice,
    labels: str | None,
    top_k: int,
    threshold: float,
    match: tuple[str, ...],
    format_name: str | None,
    long: bool,
    print0: bool,
    output: Output,
    pace: Pace,
    terminal: Terminal,
) -> int:
    """Label each image in SOURCES with its most likely classes.

    SOURCES are files, folders, quoted globs, or - for one image on standard input; a list of files comes
    with --from.

    \b
    Examples:
      mnclassify photos/
      mnclassify photos/ -o labels.csv
      mnclassify photos/ -o labels.csv --resume
      find photos -newer labels.csv -name '*.jpg' -print0 | mnclassify --from - -0
      curl -s https://example.org/cat.jpg | mnclassify -
      mnclassify 'photos/**/*.heic' -f jsonl | jq -r .predictions[0].label
      mnclassify photos/ --match '*cat*' -f path --print0 | xargs -0 cp -t cats/
    """
    chosen = _format(format_name, output)
    if long and chosen.name not in ("csv", "tsv"):
        raise click.UsageError(f"--long goes with -f csv and -f tsv, not with {chosen.name}")
    if print0 and chosen.name != "path":
        raise click.UsageError(f"--print0 goes with -f path, not with {chosen.name}")
    if output.resume:
        check_resumable(chosen)

    from mobilenet_cli.preprocess import silence_decoder_warnings

    silence_decoder_warnings()
    layout = Layout(top_k, long=long, null=print0)
    tally = Tally(terminal, "classified")
    with (
        terminal.warnings_shown(),
        open_output(output.file, overwrite=output.overwrite, resume=output.resume) as stream,
    ):
        with terminal.waiting() as report:
            from mobilenet_cli.classifier import Classifier

            classifier = Classifier(labels=labels, **model.arguments(report))
            earlier = _earlier(stream, chosen, layout, classifier, threshold) if output.resume else None
        if earlier is not None:
            layout = replace(layout, header=not earlier.has_header)
            if earlier.rows:
                terminal.note(f"{earlier.rows:,} images were finished before")
        sources = named.find() if earlier is None else earlier.pending(named.find())
        results = classifier.classify(sources, top_k=top_k, threshold=threshold, **asdict(pace))
        if earlier is not None:
            results = earlier.followed(results)
        writer = chosen.make(stream, layout)
        with terminal.counting() as progress:
            if terminal.live:
                named.count_in_background(progress, finished=earlier or ())
            apart = progress.hidden if output.file is None and sys.stdout.isatty() else nullcontext
            filtered = _Filter(match, terminal, failures_told=bool(match) or chosen.name == "path")
            for result in tally.counted(results, progress):
                if filtered.wants(result):
                    with apart():
                        writer.write(result)
        writer.close()
        if earlier is not None:
            earlier.put_in_order()
            tally.done += earlier.found
    if tally.done and output.file is not None:
        terminal.note(f"{tally.done - tally.failed:,} images labelled in {printable(output.file)}")
    return tally.conclude()


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which results get a record; those that failed and get none are told on stderr."""

    match: tuple[str, ...]
    terminal: Terminal
    failures_told: bool

    def wants(self, result: Result) -> bool:
        if result.status == "error" and self.failures_told:
            self.terminal.note(f"{printable(result.path)}: {result.error}")
        return matches(result, self.match)


def _format(name: str | None, output: Output) -> Format:
    if name is not None:
        return FORMATS[name]
    if output.file is not None:
        return format_of(output.file)
    return FORMATS["table" if sys.stdout.isatty() else "csv"]


def _earlier(stream: BinaryIO, chosen: Format, layout: Layout, classifier: Classifier, threshold: float) -> Resumption:
    assert isinstance(stream, PartFile)  # noqa: S101 - open_output opens no other to go on with
    model = classifier.model
    fewest = 0 if threshold else min(layout.top_k, model.network.width)
    return Resumption(stream, chosen, layout, model=model.name, fewest=fewest)
