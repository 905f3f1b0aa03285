"""`mnclassify embed SOURCES…`."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.decoding_options import DecodingChoice, decoding_options
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.input_options import input_options
from mobilenet_cli.cli.model_options import ModelChoice, describe_model, model_options
from mobilenet_cli.cli.option_group import shapes_no_rows
from mobilenet_cli.cli.options import Pace, pace_options, terminal_options
from mobilenet_cli.cli.output_options import OutputChoice, output_options
from mobilenet_cli.cli.outputs import Outputs
from mobilenet_cli.cli.precision_options import PrecisionChoice, precision_options
from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.runner_options import RunnerChoice, described, runner_options
from mobilenet_cli.cli.sources import NamedSources
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.errors import ImageError
from mobilenet_cli.files.format import Format
from mobilenet_cli.files.open import open_output
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Embedding
from mobilenet_cli.text import counted, printable, printable_lines
from mobilenet_cli.vectors import FORMATS, Shape, format_of
from mobilenet_cli.vectors.neighbours import FORMATS as NEIGHBOUR_FORMATS
from mobilenet_cli.vectors.neighbours import nearest

if TYPE_CHECKING:
    from mobilenet_cli.cluster.runner import RayRunner
    from mobilenet_cli.embedder import Embedder
    from mobilenet_cli.files.earlier_run import EarlierRun
    from mobilenet_cli.files.made_with import MadeWith
    from mobilenet_cli.files.part_folder import PartFolder

_NEIGHBOURS = 10


@click.command("embed", cls=Command)
@output_options
@shapes_no_rows(
    click.option(
        "--similar",
        metavar="IMAGE",
        shell_complete=completion.files,
        help="Rank SOURCES by similarity to IMAGE instead of writing vectors.",
    )
)
@shapes_no_rows(
    click.option(
        "-k",
        "--top-k",
        "neighbours",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"With --similar: number of images  [default: {_NEIGHBOURS}]",
    )
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
@runner_options
@decoding_options
@terminal_options
def command(
    named: NamedSources,
    model: ModelChoice,
    precision: PrecisionChoice,
    similar: str | None,
    neighbours: int | None,
    format_name: str | None,
    output: OutputChoice,
    pace: Pace,
    runner: RunnerChoice,
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
        of_vectors = _vector_outputs(format_name, output)
        rows = f"the rows with an error in {output.each[0].shown}"
    else:
        of_neighbours = _neighbour_format(format_name, output)
    runner.prepare(named, output)
    if named.are_missing(terminal):
        return ExitCode.FAILED
    terminal.detail(f"sources: {named.described}")
    tally = Tally(terminal, "embedded", left_out=named.left_out, rows=rows)
    run = _EmbeddingRun(named, model, precision, pace, runner, decoding, terminal, tally)
    if similar is None:
        return run.vectors(of_vectors, in_parts=runner.writes_parts(output))
    return run.neighbours(similar, neighbours or _NEIGHBOURS, of_neighbours, output)


def _vector_outputs(name: str | None, output: OutputChoice) -> Outputs[Embedding, Shape]:
    if name is not None and name not in FORMATS:
        raise click.UsageError(f"-f {name} goes with --similar; vectors are written as {', '.join(FORMATS)}")
    chosen = output.formats(name, FORMATS, FORMATS.__getitem__, format_of, "jsonl")
    return Outputs(tuple(zip(output.each, chosen, strict=True)))


def _neighbour_format(name: str | None, output: OutputChoice) -> str:
    if output.resume:
        raise click.UsageError("--resume goes with files of vectors, not with --similar")
    if len(output.each) > 1 or output.each[0].is_folder or output.each[0].is_remote:
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
    runner: RunnerChoice
    decoding: DecodingChoice
    terminal: Terminal
    tally: Tally

    def vectors(self, outputs: Outputs[Embedding, Shape], *, in_parts: bool) -> int:
        """Write the vectors and return the exit code. `in_parts`: the machines of a cluster write them."""
        with (
            self.terminal.warnings_shown(),
            outputs.opened(self.terminal) as streams,
            self.runner.opened(self.terminal) as cluster,
        ):
            embedder = self._embedder(cluster)
            if cluster is not None and in_parts:
                earlier = self._write_parts(embedder, cluster, outputs, cast("PartFolder", streams[0]))
            else:
                earlier = self._write(embedder, cluster, outputs, streams)
        self.tally.done += earlier.found
        if earlier.kept is None:
            self.tally.print_already_done(earlier.found)
        self.tally.print_kept(earlier.others)
        if self.tally.done and outputs.files is not None:
            vectors = counted(self.tally.done - self.tally.failed, "vector")
            self.terminal.note(f"{vectors} in {outputs.files}")
        code = self.tally.conclude()
        self.tally.print_pace(to_file=outputs.files is not None)
        return code

    def _write(
        self,
        embedder: Embedder,
        cluster: RayRunner | None,
        outputs: Outputs[Embedding, Shape],
        streams: Sequence[BinaryIO | PartFolder],
    ) -> EarlierRun:
        shape = Shape(embedder.width, embedder.model.name)
        document = outputs.documents(streams, lambda _: shape, partial(_made_with, embedder), embedder.model.made_at)
        earlier = document.earlier
        self.tally.print_already_done(earlier.kept)
        is_late, found = self.named.has_whole_archives, self.named.find()
        sources = found if is_late else document.pending(found)
        with outputs.in_hand(streams) as hands:
            pairs = embedder.embed_sources(sources, in_hand=hands, **asdict(self.pace))
            with closing(pairs), self._progress(earlier if earlier.is_known else None, cluster) as progress:
                apart = progress.hidden if outputs.show else nullcontext
                for source, embedding in self.tally.watched(pairs, progress):
                    if is_late:
                        document.wants(source)
                    with apart():
                        document.write(source, embedding)
        outputs.complete(document, streams, self.tally.done - self.tally.failed, self.terminal)
        return earlier

    def _write_parts(
        self, embedder: Embedder, cluster: RayRunner, outputs: Outputs[Embedding, Shape], folder: PartFolder
    ) -> EarlierRun:
        from mobilenet_cli.cli.parts_run import begin_parts, collect_parts

        ((output, chosen),) = outputs.each
        document = begin_parts(
            cluster,
            folder,
            output,
            chosen,
            Shape(embedder.width, embedder.model.name),
            made_at=embedder.model.made_at,
            made_with=_made_with(embedder, chosen),
            is_wanted=_every,
        )
        pairs = embedder.embed_sources(self.named.find(), **asdict(self.pace))
        with self._progress(document.earlier if document.earlier.is_known else None, cluster) as progress:
            collect_parts(pairs, document, self.tally, progress)
        document.close()
        return document.earlier

    def neighbours(self, image: str, count: int, chosen: str, output: OutputChoice) -> int:
        """Write the paths of the images that are most similar to `image` and return the exit code."""
        with (
            self.terminal.warnings_shown(),
            open_output(output.file, overwrite=output.each[0].overwrite, resumable=False) as stream,
            self.runner.opened(self.terminal) as cluster,
        ):
            embedder = self._embedder(cluster)
            (query,) = embedder.embed(find_sources([STDIN]) if image == STDIN else [image])
            if query.vector is None:
                raise ImageError(f"{printable(image)}: {query.error}")
            pairs = embedder.embed_sources(self.named.find(), **asdict(self.pace))
            with closing(pairs), self._progress((), cluster) as progress:
                watched = (embedding for _, embedding in self.tally.watched(pairs, progress))
                found = nearest(query.vector, self._with_failures_printed(watched), count)
            text = NEIGHBOUR_FORMATS[chosen](found)
            stream.write((printable_lines(text) if stream.isatty() else text).encode())
        code = self.tally.conclude()
        self.tally.print_pace(to_file=output.file is not None)
        return code

    def _embedder(self, cluster: RayRunner | None) -> Embedder:
        with self.terminal.waiting() as progress:
            from mobilenet_cli.embedder import Embedder

            started = time.monotonic()
            embedder = Embedder(
                runner=cluster,
                **self.decoding.arguments(),
                **self.model.arguments(progress),
                **self.precision.arguments(),
            )
        describe_model(self.terminal, embedder.model, time.monotonic() - started)
        return embedder

    @contextmanager
    def _progress(self, finished: Container[str] | None, cluster: RayRunner | None) -> Iterator[ProgressLine]:
        """Show a progress line, without a total where the finished sources are not known (None)."""
        with self.terminal.counting(described("Embedding", cluster)) as progress:
            if self.terminal.live and finished is not None:
                self.named.count_in_background(progress, finished)
            yield progress

    def _with_failures_printed(self, embeddings: Iterable[Embedding]) -> Iterator[Embedding]:
        for each in embeddings:
            if each.error is not None:
                self.terminal.note(f"{printable(each.path)}: {each.error}")
            yield each


def _made_with(embedder: Embedder, chosen: Format[Embedding, Shape]) -> MadeWith:
    from mobilenet_cli.cli.row_shaping import made_with

    return made_with(embedder.model, {"format_name": chosen.name, "crop": embedder.preprocessing.crop})


def _every(embedding: Embedding) -> bool:
    """Return that an embedding has a row, whatever it is."""
    return True
