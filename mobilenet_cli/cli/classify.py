"""`mnclassify [classify] SOURCES…`."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from mobilenet_cli.cli.decoding_options import DecodingChoice, decoding_options
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.input_options import named_or_csv_options
from mobilenet_cli.cli.kind_words import check_words
from mobilenet_cli.cli.model_options import (
    ModelChoice,
    describe_model,
    labels_option,
    model_options,
    temperature_option,
)
from mobilenet_cli.cli.options import Pace, pace_options, terminal_options
from mobilenet_cli.cli.output_options import OutputChoice, output_options
from mobilenet_cli.cli.outputs import Outputs
from mobilenet_cli.cli.precision_options import PrecisionChoice, precision_options
from mobilenet_cli.cli.record_options import RecordChoice, record_options
from mobilenet_cli.cli.runner_options import RunnerChoice, described, runner_options
from mobilenet_cli.cli.sidecars import Sidecars, XmpChoice, remove_keywords, xmp_options
from mobilenet_cli.cli.sources import Sources
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.files.format import Format
from mobilenet_cli.postprocess.matching import matches
from mobilenet_cli.records import Result, Source
from mobilenet_cli.text import counted, printable
from mobilenet_cli.writers import Layout

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier
    from mobilenet_cli.cluster.parts import PartsDocument
    from mobilenet_cli.cluster.runner import RayRunner
    from mobilenet_cli.files.documents import Documents
    from mobilenet_cli.files.earlier_run import EarlierRun
    from mobilenet_cli.files.made_with import MadeWith
    from mobilenet_cli.files.part_folder import PartFolder
    from mobilenet_cli.pipeline import InHand


@click.command("classify", cls=Command)
@output_options
@record_options
@named_or_csv_options
@model_options
@precision_options
@temperature_option
@labels_option
@xmp_options
@pace_options
@runner_options
@decoding_options
@terminal_options
def command(
    named: Sources,
    model: ModelChoice,
    precision: PrecisionChoice,
    temperature: float | None,
    labels: str | None,
    records: RecordChoice,
    output: OutputChoice,
    xmp: XmpChoice,
    pace: Pace,
    runner: RunnerChoice,
    decoding: DecodingChoice,
    terminal: Terminal,
) -> int:
    """Label every image in SOURCES.

    SOURCES can be files, folders, quoted globs, archives (.zip, .tar, .tar.gz, .tar.zst, .parquet), URLs (https://,
    s3://, gs://), or - to read one image from standard input. To read a list of files, use --from.

    \b
    Examples:
      mnclassify photos/
      mnclassify photos/ -o labels.csv
      mnclassify photos/ -o labels.csv --resume
      mnclassify --from-csv photos.csv --column image -o labelled.csv
      find photos -newer labels.csv -name '*.jpg' -print0 | mnclassify --from - -0
      curl -s https://example.org/cat.jpg | mnclassify -
      mnclassify s3://bucket/photos/ -o labels.csv
      mnclassify 'shards/train-{0000..0099}.tar' -o labels.csv
      mnclassify 'photos/**/*.heic' -f jsonl | jq -r '.label.label'
      mnclassify photos/ --kind dog -f path
      mnclassify photos/ --match '*cat*' -f path --print0 | xargs -0r cp -t cats/
      mnclassify photos/ --xmp -o labels.csv
    """
    if xmp.remove:
        return ExitCode.FAILED if named.are_missing(terminal) else remove_keywords(named.find(), terminal)
    outputs = records.outputs(output, of_rows=named.columns is not None)
    check_words(records.kind, model, labels)
    runner.prepare(named, output, xmp=xmp.write)
    if named.are_missing(terminal):
        return ExitCode.FAILED
    terminal.detail(f"sources: {named.described}")
    tally = Tally(terminal, "classified", left_out=named.left_out, rows=records.failures_are_in(outputs))
    run = _LabellingRun(named, records, labels, outputs, xmp, terminal, tally, Sidecars(terminal, xmp.name))
    with terminal.warnings_shown(), outputs.opened(terminal) as streams, runner.opened(terminal) as cluster:
        with terminal.waiting() as progress:
            from mobilenet_cli.classifier import Classifier

            started = time.monotonic()
            classifier = Classifier(
                labels=labels,
                temperature=temperature,
                runner=cluster,
                **decoding.arguments(),
                **model.arguments(progress),
                **precision.arguments(),
            )
        describe_model(terminal, classifier.model, time.monotonic() - started)
        if cluster is not None and runner.writes_parts(output):
            document: Documents[Result, Layout] | PartsDocument = run.label_in_parts(
                classifier, pace, cast("PartFolder", streams[0]), cluster
            )
        else:
            document = run.label(classifier, pace, streams, cluster)
    return run.conclude(document)


@dataclass(slots=True)
class _LabellingRun:
    """A run of `classify`.

    Attributes:
        labelled: How many rows have been written of images that could be read.
    """

    named: Sources
    records: RecordChoice
    labels: str | None
    outputs: Outputs[Result, Layout]
    xmp: XmpChoice
    terminal: Terminal
    tally: Tally
    sidecars: Sidecars
    labelled: int = 0

    def label(
        self,
        classifier: Classifier,
        pace: Pace,
        streams: Sequence[BinaryIO | PartFolder],
        cluster: RayRunner | None = None,
    ) -> Documents[Result, Layout]:
        """Label the images, and return the documents of their results on `streams`, complete."""
        document = self._documents(classifier, streams)
        if classifier.model.network.output == "multilabel":
            self.sidecars.each_from = self.records.sure
        is_late = self.named.has_whole_archives
        sources = self.named.find() if is_late else self._pending(document)
        with self.outputs.in_hand(streams) as hands:
            pairs = self._pairs(classifier, sources, pace, hands)
            with closing(pairs), self.terminal.counting(described("Classifying", cluster)) as progress:
                if self.terminal.live and document.earlier.is_known:
                    self.named.count_in_background(progress, finished=document.earlier)
                apart = progress.hidden if self.outputs.show else nullcontext
                for source, result in self.tally.watched(pairs, progress):
                    if is_late:
                        document.wants(source)
                    if not self._wants(result):
                        document.leave_out()
                        continue
                    if self.xmp.write:  # before the row: --resume takes an image with a row for finished
                        self.sidecars.write(result)
                    with apart():
                        document.write(source, result)
                    self.labelled += result.status == "ok"
        self.outputs.complete(document, streams, self.tally.done - self.tally.failed, self.terminal)
        return document

    def label_in_parts(
        self, classifier: Classifier, pace: Pace, folder: PartFolder, cluster: RayRunner
    ) -> PartsDocument:
        """Have the machines of a cluster label the images and write the parts of a folder; return its document."""
        from mobilenet_cli.cli.parts_run import begin_parts, collect_parts

        ((output, chosen),) = self.outputs.each
        document = begin_parts(
            cluster,
            folder,
            output,
            chosen,
            self._layout(classifier, chosen),
            made_at=classifier.model.made_at,
            made_with=self._made_with(classifier, chosen),
            is_wanted=partial(_is_wanted, self.records.kind, self.records.match),
        )
        pairs = self._pairs(classifier, self.named.find(), pace)
        with self.terminal.counting(described("Classifying", cluster)) as progress:
            if self.terminal.live and document.earlier.is_known:
                self.named.count_in_background(progress)
            self.labelled += collect_parts(pairs, document, self.tally, progress)
        document.close()
        return document

    def _pairs(
        self, classifier: Classifier, sources: Iterable[Source], pace: Pace, hands: InHand | None = None
    ) -> Generator[tuple[Source, Result], None, None]:
        return classifier.classify_sources(
            sources,
            top_k=self.records.top_k,
            threshold=self.records.threshold,
            sure=self.records.sure,
            kinds=self.records.kind,
            in_hand=hands,
            **asdict(pace),
        )

    def conclude(self, document: Documents[Result, Layout] | PartsDocument) -> int:
        """Say how the run went, and return the exit code."""
        earlier = document.earlier
        self.tally.done += earlier.found
        if earlier.kept is None:
            self.tally.print_already_done(earlier.found)
        if self.named.note is not None:
            self.terminal.note(self.named.note)
        self._say_what_was_written(earlier, self.tally.done)
        code: int = self.tally.conclude()
        if self.records.selects and not earlier.found + self.labelled:
            code = ExitCode.FAILED  # as grep does where nothing matches
        if self.xmp.write:
            code = self.sidecars.conclude(code, finished=earlier.found)
        self.tally.print_pace(to_file=self.outputs.files is not None)
        return code

    def _pending(self, document: Documents[Result, Layout]) -> Iterator[Source]:
        """Yield the images that lack a row; with --xmp, give those that have one their sidecar if they have none."""
        for source in self.named.find():
            if document.wants(source):
                yield source
            elif self.xmp.write:
                self.sidecars.complete(source, document.finished_row, self.named.column)

    def _documents(self, classifier: Classifier, streams: Sequence[BinaryIO | PartFolder]) -> Documents[Result, Layout]:
        document = self.outputs.documents(
            streams, partial(self._layout, classifier), partial(self._made_with, classifier), classifier.model.made_at
        )
        self.tally.print_already_done(document.earlier.kept)
        return document

    def _layout(self, classifier: Classifier, chosen: Format[Result, Layout]) -> Layout:
        limits = classifier.limits(self.records.top_k, self.records.threshold)
        return self.records.layout(classifier.model.name, limits, chosen.name, self.named.columns)

    def _made_with(self, classifier: Classifier, chosen: Format[Result, Layout]) -> MadeWith:
        from mobilenet_cli.cli.row_shaping import labels_in, made_with

        shaped = self._layout(classifier, chosen)
        effective = {
            **{"top_k": shaped.top_k, "threshold": shaped.threshold, "format_name": chosen.name},
            **{"long": shaped.long, "csv_safe": shaped.csv_safe, "column": self.named.column},
            **{"crop": classifier.preprocessing.crop, "temperature": classifier.temperature},
            "labels": labels_in(self.labels, classifier.labels),
        }
        return made_with(classifier.model, effective)

    def _wants(self, result: Result) -> bool:
        """Return whether a result gets a row. Where failures get none, they are shown on stderr."""
        if result.status == "error" and self.records.failures_are_in(self.outputs) is None:
            self.terminal.note(f"{printable(result.path)}: {result.error}")
        return _is_wanted(self.records.kind, self.records.match, result)

    def _say_what_was_written(self, earlier: EarlierRun, done: int) -> None:
        others, labelled = earlier.others, earlier.found + self.labelled
        if self.named.columns is None:
            self.tally.print_kept(others)
        elif others:
            self.terminal.note(
                f"dropped the rows of {counted(others, 'image')} whose row in the CSV was removed or changed"
            )
        if self.records.selects and done and not labelled:
            self.terminal.note("no image matches")
        elif self.records.selects and done and self.xmp.write:
            self.terminal.note(f"{labelled:,} of {counted(done, 'image')} {'match' if labelled != 1 else 'matches'}")
        if done and labelled and self.outputs.files is not None:
            self.terminal.note(f"{counted(labelled, 'image')} labelled in {self.outputs.files}")


def _is_wanted(kind: tuple[str, ...], match: tuple[str, ...], result: Result) -> bool:
    """Return whether a result is among those that the options select."""
    if kind:
        from mobilenet_cli.postprocess.searching import SearchedResult

        if isinstance(result, SearchedResult) and not result.found:
            return False
    return matches(result, match)
