"""`mnclassify embed SOURCES…`."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.decoding_options import DecodingChoice, decoding_options
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.input_options import input_options
from mobilenet_cli.cli.model_options import ModelChoice, describe_model, model_options
from mobilenet_cli.cli.options import Pace, pace_options, terminal_options
from mobilenet_cli.cli.output_options import Output, output_options
from mobilenet_cli.cli.precision_options import PrecisionChoice, precision_options
from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.sources import NamedSources
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.errors import ImageError
from mobilenet_cli.files.format import Format
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Embedding
from mobilenet_cli.text import counted, printable, printable_lines
from mobilenet_cli.vectors import FORMATS, Shape, format_of
from mobilenet_cli.vectors.neighbours import FORMATS as NEIGHBOUR_FORMATS
from mobilenet_cli.vectors.neighbours import nearest

if TYPE_CHECKING:
    from mobilenet_cli.embedder import Embedder

_NEIGHBOURS = 10


@click.command("embed", cls=Command)
@output_options
@click.option(
    "--similar",
    metavar="IMAGE",
    shell_complete=completion.files,
    help="Rank SOURCES by similarity to IMAGE instead of writing vectors.",
)
@click.option(
    "-k",
    "--top-k",
    "neighbours",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"With --similar: number of images  [default: {_NEIGHBOURS}]",
)
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(list(dict.fromkeys((*FORMATS, *NEIGHBOUR_FORMATS)))),
    help="Output format  [default: by FILE's ending, otherwise jsonl; with --similar: table on a terminal, otherwise "
    "csv]",
)
@input_options
@model_options
@precision_options
@pace_options
@decoding_options
@terminal_options
def command(
    named: NamedSources,
    model: ModelChoice,
    precision: PrecisionChoice,
    similar: str | None,
    neighbours: int | None,
    format_name: str | None,
    output: Output,
    pace: Pace,
    decoding: DecodingChoice,
    terminal: Terminal,
) -> int:
    """Compute feature vectors, or find similar images.

    SOURCES can be files, folders, quoted globs, URLs (https://, s3://, gs://), or - to read one image from
    standard input.

    \b
    Examples:
      mnclassify embed photos/ -o vectors.npz
      mnclassify embed photos/ -o vectors.parquet --resume
      mnclassify embed photos/ | jq -c '[.path, .vector[0]]'
      mnclassify embed photos/ --similar cat.jpg -k 5
    """
    rows = None
    if similar is None:
        if neighbours is not None:
            raise click.UsageError("-k goes with --similar")
        of_vectors = _vector_format(format_name, output)
        rows = f"the rows with an error in {printable(output.file) if output.file is not None else 'the output'}"
    else:
        of_neighbours = _neighbour_format(format_name, output)
    if named.are_missing(terminal):
        return ExitCode.FAILED
    terminal.detail(f"sources: {named.described}")
    tally = Tally(terminal, "embedded", left_out=named.left_out, rows=rows)
    run = _EmbeddingRun(named, model, precision, pace, decoding, terminal, tally)
    if similar is None:
        return run.vectors(of_vectors, output)
    return run.neighbours(similar, neighbours or _NEIGHBOURS, of_neighbours, output)


def _vector_format(name: str | None, output: Output) -> Format[Embedding, Shape]:
    if name is None:
        output.check_format_of_folder(FORMATS)
        chosen = format_of(output.file) if output.file is not None else FORMATS["jsonl"]
    elif name in FORMATS:
        chosen = FORMATS[name]
    else:
        raise click.UsageError(f"-f {name} goes with --similar; vectors are written as {', '.join(FORMATS)}")
    output.check(chosen, FORMATS)
    return chosen


def _neighbour_format(name: str | None, output: Output) -> str:
    if output.resume:
        raise click.UsageError("--resume goes with files of vectors, not with --similar")
    if output.is_folder or output.is_remote:
        raise click.UsageError("--similar writes one file of this machine: give -o FILE")
    if name is None and output.file is None:
        return "table" if stdout_is_terminal() else "csv"
    chosen = name or PurePath(output.file or "").suffix.lower().removeprefix(".")
    if chosen not in NEIGHBOUR_FORMATS:
        raise click.UsageError(f"--similar writes {', '.join(NEIGHBOUR_FORMATS)}: name one of them with -f")
    return chosen


@dataclass(frozen=True, slots=True)
class _EmbeddingRun:
    """A run of `embed`."""

    named: NamedSources
    model: ModelChoice
    precision: PrecisionChoice
    pace: Pace
    decoding: DecodingChoice
    terminal: Terminal
    tally: Tally

    def vectors(self, chosen: Format[Embedding, Shape], output: Output) -> int:
        """Write the vectors and return the exit code."""
        with self.terminal.warnings_shown(), output.opened(self.terminal) as stream:
            embedder = self._embedder()
            shape = Shape(embedder.width, embedder.model.name)
            document = output.document(stream, chosen, shape, embedder.model.made_at)
            earlier = document.earlier
            self.tally.print_already_done(earlier.kept)
            with output.in_hand(stream) as hands:
                pairs = embedder.embed_sources(document.pending(self.named.find()), in_hand=hands, **asdict(self.pace))
                with closing(pairs), self._progress(None if earlier.kept is None else earlier) as progress:
                    apart = progress.hidden if output.file is None and stdout_is_terminal() else nullcontext
                    for source, embedding in self.tally.watched(pairs, progress):
                        with apart():
                            document.write(source, embedding)
            output.check_worth(stream, self.tally.done - self.tally.failed)
            output.complete(document, chosen, self.terminal)
        self.tally.done += earlier.found
        if earlier.kept is None:
            self.tally.print_already_done(earlier.found)
        self.tally.print_kept(earlier.others)
        if self.tally.done and output.file is not None:
            vectors = counted(self.tally.done - self.tally.failed, "vector")
            self.terminal.note(f"{vectors} in {printable(output.file)}")
        code = self.tally.conclude()
        self.tally.print_pace(to_file=output.file is not None)
        return code

    def neighbours(self, image: str, count: int, chosen: str, output: Output) -> int:
        """Write the paths of the images that are most similar to `image` and return the exit code."""
        with self.terminal.warnings_shown(), output.opened(self.terminal) as stream:
            embedder = self._embedder()
            (query,) = embedder.embed(find_sources([STDIN]) if image == STDIN else [image])
            if query.vector is None:
                raise ImageError(f"{printable(image)}: {query.error}")
            pairs = embedder.embed_sources(self.named.find(), **asdict(self.pace))
            with closing(pairs), self._progress() as progress:
                watched = (embedding for _, embedding in self.tally.watched(pairs, progress))
                found = nearest(query.vector, self._with_failures_printed(watched), count)
            text = NEIGHBOUR_FORMATS[chosen](found)
            file = cast("BinaryIO", stream)  # a folder was refused
            file.write((printable_lines(text) if file.isatty() else text).encode())
        code = self.tally.conclude()
        self.tally.print_pace(to_file=output.file is not None)
        return code

    def _embedder(self) -> Embedder:
        with self.terminal.waiting() as progress:
            from mobilenet_cli.embedder import Embedder

            started = time.monotonic()
            embedder = Embedder(
                **self.decoding.arguments(), **self.model.arguments(progress), **self.precision.arguments()
            )
        describe_model(self.terminal, embedder.model, time.monotonic() - started)
        return embedder

    @contextmanager
    def _progress(self, finished: Container[str] | None = ()) -> Iterator[ProgressLine]:
        """Show a progress line, without a total where the finished sources are not known (None)."""
        with self.terminal.counting("Embedding") as progress:
            if self.terminal.live and finished is not None:
                self.named.count_in_background(progress, finished)
            yield progress

    def _with_failures_printed(self, embeddings: Iterable[Embedding]) -> Iterator[Embedding]:
        for each in embeddings:
            if each.error is not None:
                self.terminal.note(f"{printable(each.path)}: {each.error}")
            yield each
