"""`mnclassify evaluate SOURCES…`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.calibrate import calibrate as fit_temperature
from mobilenet_cli.cli.calibrate import check_calibratable
from mobilenet_cli.cli.decoding_options import DecodingChoice, decoding_options
from mobilenet_cli.cli.evaluation_run import EvaluationRun, load_models
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.input_options import OptionalSources, encoding_option, optional_input_options
from mobilenet_cli.cli.model_options import ModelChoice, labels_option, model_options, temperature_option
from mobilenet_cli.cli.options import Pace, pace_options, terminal_options
from mobilenet_cli.cli.output_options import check_is_no_folder
from mobilenet_cli.cli.precision_options import PrecisionChoice, precision_options
from mobilenet_cli.cli.runner_options import RunnerChoice, described, runner_options
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.engines.precision import DEFAULT
from mobilenet_cli.files.open import open_output
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.records import SURE, Source
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    from mobilenet_cli.evaluation.comparison import Comparison
    from mobilenet_cli.evaluation.figures import Evaluation
    from mobilenet_cli.evaluation.truth import Truth

_TRUTH_FROM_STDIN = "csv:-"
_ENDINGS = (".html", ".htm", ".json")


def _checked_files(_: click.Context, __: click.Parameter, files: tuple[str, ...]) -> tuple[str, ...]:
    for file in files:
        check_is_no_folder(file, "evaluation.html")
        if not file.lower().endswith(_ENDINGS):
            raise click.BadParameter(f"{printable(file)}: a page ends in .html, JSON in .json")
    return files


def _checked_predictions(_: click.Context, __: click.Parameter, file: str | None) -> str | None:
    if file is not None:
        from mobilenet_cli.evaluation.as_predictions import ENDINGS

        check_is_no_folder(file, "predictions.csv")
        if not file.lower().endswith(ENDINGS):
            raise click.BadParameter(f"{printable(file)}: it ends in {', '.join(ENDINGS)}")
    return file


@click.command("evaluate", cls=Command)
@click.option(
    "--truth",
    default="folder",
    show_default=True,
    metavar="folder|filename|csv:FILE",
    help="Where the true labels are: in folder names, in file names up to the first _, or in a CSV.",
)
@encoding_option("With --truth csv:FILE: ")
@click.option(
    "--compare",
    metavar="NAME",
    shell_complete=completion.models,
    help="Also evaluate this model, and test whether the difference is significant.",
)
@click.option(
    "--sure",
    type=click.FloatRange(0, 1),
    default=SURE,
    show_default=True,
    metavar="SCORE",
    help="Minimum score of a name; marked in the table of names.",
)
@click.option(
    "--calibrate",
    is_flag=True,
    help="Also fit the model's temperature to these images, and save it with the model.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option(
    "-o",
    "--output",
    "files",
    multiple=True,
    metavar="FILE",
    callback=_checked_files,
    shell_complete=completion.files,
    help="Also write a web page (.html) or JSON (.json); repeatable.",
)
@click.option(
    "--predictions",
    metavar="FILE",
    callback=_checked_predictions,
    shell_complete=completion.files,
    help="Also write one row per image with its true label and the prediction, to a .csv, .tsv or .jsonl file.",
)
@click.option("--all", "all_rows", is_flag=True, help="List all classes and confusions, not just ten.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@optional_input_options
@model_options
@precision_options
@temperature_option
@labels_option
@pace_options
@runner_options
@decoding_options
@terminal_options
def command(
    named: OptionalSources,
    truth: str,
    encoding: str | None,
    model: ModelChoice,
    precision: PrecisionChoice,
    temperature: float | None,
    labels: str | None,
    compare: str | None,
    sure: float,
    calibrate: bool,
    as_json: bool,
    files: tuple[str, ...],
    predictions: str | None,
    all_rows: bool,
    overwrite: bool,
    pace: Pace,
    runner: RunnerChoice,
    decoding: DecodingChoice,
    terminal: Terminal,
) -> int:
    """Measure a model's accuracy on labelled images.

    A true label is a class (given by label, wnid or index, from 0), or any other WordNet word or wnid below one of
    the everyday words: dog, n02084071, emu. All labels are checked before the first image is opened; unknown and
    ambiguous ones (crane, plane) are errors. Unreadable images count as wrong and are listed separately.

    Top-1 is right if the best class is the true class, or is below the true word. (If no class is below the true
    word, a class above it is right. For emu there is neither, so only a name can be right.) A name is right if it is
    the true label, below it, or a vaguer word above it. For each score from 0.30 to 0.95, a table shows how many
    images --sure names, how many names are right, vaguer and wrong, and how many classes are below them.

    A CSV has a header with a column path (or file, filename, image, …; relative paths start in the CSV's folder)
    and a column truth (or wnid, label, class, index). Without SOURCES, every row of the CSV is evaluated.

    --image-size, --crop, --engine, --precision, --precision-photos and --fast-previews apply to both models; --labels
    and --temperature only apply to the first.

    --calibrate fits a temperature to at least 50 images that the (first) model was not trained on, so that its
    scores match how often it is right. The run itself still reports the old temperature; to measure the new one,
    evaluate other images.

    \b
    Examples:
      mnclassify evaluate validation/                 folders named by class
      mnclassify evaluate photos/ --truth filename    n02123045_12.jpg
      mnclassify evaluate --truth csv:truth.csv -o evaluation.html
      mnclassify evaluate validation/ --compare mobilenet_v1_100_224
      mnclassify evaluate validation/ --predictions predictions.csv
      mnclassify evaluate validation/ --json | jq .top_1.value
      mnclassify evaluate photos/ --calibrate         not its training photos
    """
    from mobilenet_cli.evaluation.truth import truth_of

    if calibrate and temperature is not None:
        raise click.UsageError("--calibrate fits the temperature and --temperature gives it: give one of them")
    if calibrate and precision.precision != DEFAULT:
        raise click.UsageError("--calibrate fits the temperature of the float32 network: leave --precision out")
    _check_truth(truth, encoding, named)
    files = _all_files(files, predictions)
    if overwrite and not files:
        raise click.UsageError("--overwrite needs -o FILE or --predictions FILE")
    rule = truth_of(truth, encoding=encoding)
    if named.chosen is not None and named.chosen.are_missing(terminal):
        return ExitCode.FAILED
    if note := getattr(rule, "note", None):
        terminal.note(note)
    images = list(_sources(named, rule))
    if not images:
        return Tally(terminal, "classified", left_out=_left_out(named)).conclude()
    with terminal.warnings_shown(), runner.opened(terminal) as cluster:
        with ExitStack() as stack:
            streams = [stack.enter_context(open_output(file, overwrite=overwrite, resumable=False)) for file in files]
            run = EvaluationRun(images, rule, sure, pace, terminal, described("Evaluating", cluster))
            both = {**decoding.arguments(), "runner": cluster}
            models = load_models(model, precision, temperature, labels, compare, terminal, both)
            if calibrate:
                check_calibratable(models[0], images)
            result = run.result(*models)
            opened = stack.pop_all()
        try:
            with open_output(None) as stream:
                stream.write(_printed(as_json, all_rows, *result))
        finally:  # even if the reader has closed the pipe, the files are written
            with opened:
                for file, stream in zip(files, streams, strict=True):
                    for part in _document(file, *result):
                        stream.write(part)
        if calibrate:
            fit_temperature(models[0], images, rule, pace, terminal)
    _print_files(files, predictions, terminal)
    _print_seen(*result, terminal)
    return Tally(terminal, "classified", len(images), run.failed, _left_out(named)).conclude()


def _check_truth(truth: str, encoding: str | None, named: OptionalSources) -> None:
    if truth == _TRUTH_FROM_STDIN and named.chosen is not None and named.chosen.need_stdin:
        raise click.UsageError(f"standard input is the table of {_TRUTH_FROM_STDIN} or a source of images, not both")
    if encoding is not None and not truth.startswith("csv:"):
        raise click.UsageError("--encoding needs --truth csv:FILE")


def _all_files(files: tuple[str, ...], predictions: str | None) -> tuple[str, ...]:
    every = files if predictions is None else (*files, predictions)
    if len(set(map(os.path.realpath, every))) < len(every):
        raise click.UsageError("-o and --predictions name the same file twice")
    return every


def _print_files(files: Iterable[str], predictions: str | None, terminal: Terminal) -> None:
    for file in files:
        what = "the predictions are" if file == predictions else "the evaluation is"
        terminal.note(f"{what} in {printable(file)}")


def _print_seen(evaluation: Evaluation, comparison: Comparison | None, terminal: Terminal) -> None:
    """Print how many of the images each model was made with, if there are any."""
    from mobilenet_cli.evaluation.wording import seen_before

    for each in (evaluation,) if comparison is None else (evaluation, comparison.second):
        if sentence := seen_before(each):
            terminal.note(sentence)


def _left_out(named: OptionalSources) -> LeftOut:
    return LeftOut() if named.chosen is None else named.chosen.left_out


def _sources(named: OptionalSources, rule: Truth) -> Iterable[Source]:
    from mobilenet_cli.inputs.labelled_csv import TruthTable

    if named.chosen is not None:
        return named.chosen.find()
    if isinstance(rule, TruthTable):
        return find_sources((), listed=rule.paths, exclude=named.exclude, archives="none")
    raise click.UsageError("name SOURCES…, a list of them with --from FILE, or a table with --truth csv:FILE")


def _document(file: str, evaluation: Evaluation, comparison: Comparison | None) -> Iterator[bytes]:
    """Yield the parts of a document, in the format that the file's ending says."""
    from mobilenet_cli.evaluation.as_predictions import ENDINGS, as_predictions

    if file.lower().endswith(ENDINGS):
        evaluations = [evaluation] if comparison is None else [comparison.first, comparison.second]
        yield from as_predictions(evaluations, file)
    elif file.lower().endswith(".json"):
        from mobilenet_cli.evaluation.as_json import as_json

        yield as_json(evaluation, comparison)
    else:
        from mobilenet_cli.evaluation.as_html import as_html

        yield as_html(evaluation, comparison)


def _printed(as_json: bool, all_rows: bool, evaluation: Evaluation, comparison: Comparison | None) -> bytes:
    if as_json:
        return b"".join(_document(".json", evaluation, comparison))
    from mobilenet_cli.evaluation.as_text import as_text

    return as_text(evaluation, comparison, is_terminal=stdout_is_terminal(), all_rows=all_rows).encode()
