"""`mnclassify [classify] SOURCES…`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, dataclass

import click

from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.input_options import named_or_csv_options
from mobilenet_cli.cli.options import (
    ModelChoice,
    Output,
    Pace,
    model_options,
    output_options,
    pace_options,
    terminal_options,
)
from mobilenet_cli.cli.sources import Sources
from mobilenet_cli.cli.tally import Tally, images
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.cli.xmp import Sidecars, XmpChoice, remove_keywords, xmp_options
from mobilenet_cli.matching import matches
from mobilenet_cli.records import Result
from mobilenet_cli.resume import check_resumable
from mobilenet_cli.writers import FORMATS, Format, Layout, format_of
from mobilenet_cli.writers.document import ResultDocument
from mobilenet_cli.writers.text import printable


@click.command("classify", cls=Command)
@named_or_csv_options
@model_options
@click.option("--labels", type=click.Path(exists=True, dir_okay=False), help="A file with a label a line.")
@click.option(
    "-k", "--top-k", type=click.IntRange(min=1), default=5, show_default=True, metavar="N", help="Labels an image."
)
@click.option(
    "-t",
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SCORE",
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
@xmp_options
@pace_options
@terminal_options
def command(
    named: Sources,
    model: ModelChoice,
    labels: str | None,
    top_k: int,
    threshold: float,
    match: tuple[str, ...],
    format_name: str | None,
    long: bool,
    print0: bool,
    output: Output,
    xmp: XmpChoice,
    pace: Pace,
    terminal: Terminal,
) -> int:
    """Label each image in SOURCES with its most likely classes.

    SOURCES are files, folders, quoted globs, https://, s3:// and gs:// URLs, or - for one image on standard
    input; a list of files comes with --from.

    \b
    Examples:
      mnclassify photos/
      mnclassify photos/ -o labels.csv
      mnclassify photos/ -o labels.csv --resume
      mnclassify --from-csv photos.csv --column image -o labelled.csv
      find photos -newer labels.csv -name '*.jpg' -print0 | mnclassify --from - -0
      curl -s https://example.org/cat.jpg | mnclassify -
      mnclassify s3://bucket/photos/ -o labels.csv
      mnclassify 'photos/**/*.heic' -f jsonl | jq -r .predictions[0].label
      mnclassify photos/ --match '*cat*' -f path --print0 | xargs -0 cp -t cats/
      mnclassify photos/ --xmp -o labels.csv
    """
    if xmp.remove:
        return remove_keywords(named.find(), terminal)
    chosen = _format(format_name, output)
    if long and chosen.name not in ("csv", "tsv"):
        raise click.UsageError(f"--long goes with -f csv and -f tsv, not with {chosen.name}")
    if long and named.columns is not None:
        raise click.UsageError("--from-csv gives a row for each of the CSV's rows: leave --long out")
    if print0 and chosen.name != "path":
        raise click.UsageError(f"--print0 goes with -f path, not with {chosen.name}")
    output.check(chosen)
    if output.resume:
        check_resumable(chosen)

    from mobilenet_cli.preprocess import silence_decoder_warnings

    silence_decoder_warnings()
    tally = Tally(terminal, "classified")
    with terminal.warnings_shown(), output.opened(terminal) as stream:
        with terminal.waiting() as report:
            from mobilenet_cli.classifier import Classifier

            classifier = Classifier(labels=labels, **model.arguments(report))
            most = min(top_k, classifier.model.network.width)
            layout = Layout(most, long=long, null=print0, columns=named.columns)
            document = ResultDocument(
                stream, chosen, layout, classifier.model, threshold=threshold, resume=output.resume
            )
        if document.kept:
            terminal.note(f"{document.kept:,} images were finished before")
        sources = document.pending(named.find())
        results = classifier.classify(sources, top_k=top_k, threshold=threshold, **asdict(pace))
        with terminal.counting() as progress:
            if terminal.live:
                named.count_in_background(progress, finished=document.finished)
            apart = progress.hidden if output.file is None and stdout_is_terminal() else nullcontext
            filtered = _Filter(match, terminal, failures_told=bool(match) or chosen.name == "path")
            sidecars = Sidecars(terminal)
            for result in document.followed(tally.counted(results, progress)):
                if filtered.wants(result):
                    if xmp.write:  # before the row: --resume takes an image with a row for finished
                        sidecars.write(result, xmp.lowest_score(threshold))
                    with apart():
                        document.write(result)
        with terminal.waiting() as report:
            if chosen.codec is not None and terminal.live:
                report(f"Writing {printable(output.file or '')}", None, None)
            document.close()
    tally.done += document.found
    _tell(document, tally, output, named, match)
    return sidecars.conclude(tally.conclude(), finished=document.found) if xmp.write else tally.conclude()


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
    return FORMATS["table" if stdout_is_terminal() else "csv"]


def _tell(document: ResultDocument, tally: Tally, output: Output, named: Sources, match: tuple[str, ...]) -> None:
    if others := document.kept - document.found:
        if named.columns is None:
            tally.terminal.note(f"kept the rows of {images(others)} that SOURCES does not name")
        else:
            tally.terminal.note(f"left the rows of {images(others)} out that the CSV has no more, or changed")
    if match and tally.done and not document.written:
        tally.terminal.note("no image matches")
    if tally.done and output.file is not None:
        tally.terminal.note(f"{images(tally.done - tally.failed)} labelled in {printable(output.file)}")
