"""`mnclassify train FOLDER -o MODEL`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.fine_tune_options import fine_tune_options
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.input_options import encoding_option
from mobilenet_cli.cli.model_options import ModelChoice, model_options
from mobilenet_cli.cli.options import Pace, pace_options, terminal_options
from mobilenet_cli.cli.signals import Terminated
from mobilenet_cli.cli.status_line import clock
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.errors import MnclassifyError
from mobilenet_cli.text import counted, printable
from mobilenet_cli.training.split import MOST_SEED

if TYPE_CHECKING:
    from mobilenet_cli.training.features import Examples
    from mobilenet_cli.training.trainer import Trained, Trainer
    from mobilenet_cli.training.whole.options import FineTuning

_MOST_LISTED = 10
_FEW = 30
_MOST_CLASSES = 20


@click.command("train", cls=Command)
@click.argument("data", nargs=-1, required=True, metavar="FOLDER|CSV…", shell_complete=completion.files)
@click.option("-o", "--output", required=True, metavar="MODEL", help="Folder for the new model; use it with -m MODEL.")
@click.option("--overwrite", is_flag=True, help="Replace MODEL if it exists.")
@model_options
@click.option(
    "--validation-split",
    "validation_share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Share of each class held out for validation  [default: 0.2]",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    metavar="K",
    help="Cross-validate with K folds, then train on all images; for small data sets.",
)
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Random seed.")
@encoding_option("For CSVs: ")
@click.option("--summaries", metavar="DIR", help="Write TensorBoard summaries to DIR.")
@click.option(
    "--assert-accuracy-at-least",
    "least_accuracy",
    type=click.FloatRange(0, 1),
    metavar="FRACTION",
    help="Exit with code 1 if validation top-1 accuracy is lower; the model is still written.",
)
@fine_tune_options
@pace_options
@terminal_options
def command(
    data: tuple[str, ...],
    output: str,
    overwrite: bool,
    model: ModelChoice,
    validation_share: float | None,
    folds: int | None,
    seed: int,
    encoding: str | None,
    summaries: str | None,
    least_accuracy: float | None,
    tuning: FineTuning | None,
    pace: Pace,
    terminal: Terminal,
) -> int:
    """Train a model on your own images.

    FOLDER has one subfolder per class, named after the class; images can be at any depth. If FOLDER has train/ and
    val/ (or valid/ or validation/) with these subfolders, that split is used, and test/ is left for evaluate. A CSV
    (or .tsv) has a header with the columns path and label, and one row per image. By default, only a new head is
    trained, on features of the network -m, which are computed once and cached.

    \b
    Examples:
      mnclassify train flowers/ -o flowers-model
      mnclassify train labels.csv -o flowers-model -m efficientnet_lite0
      mnclassify train few/ -o few-model --folds 5
      mnclassify train flowers/ -o flowers-model --fine-tune --epochs 10 --augment
      mnclassify new-photos/ -m ./flowers-model
      mnclassify models import flowers-model --name flowers
    """
    if output in {"", "-"}:
        raise click.UsageError("-o needs the name of a folder for the model")
    if folds is not None and tuning is not None:
        raise click.UsageError("--folds trains a new head and cannot be used with --fine-tune")
    if folds is not None and validation_share is not None:
        raise click.UsageError("--folds and --validation-split exclude each other: give one of them")

    with terminal.warnings_shown():
        with terminal.waiting() as progress:
            progress("finding the images and the network", None, None)
            from mobilenet_cli.training.trainer import Trainer

            trainer = Trainer(
                data,
                output,
                **model.arguments(progress),
                validation_share=validation_share,
                folds=folds,
                seed=seed,
                summaries=summaries,
                overwrite=overwrite,
                encoding=encoding,
                fine_tuning=tuning and replace(tuning, batch_size=pace.batch_size or tuning.batch_size),
            )
        _print_dataset(trainer, terminal)
        _print_left_out(_examples(trainer, pace, terminal, are_checked=tuning is not None), terminal)
        with terminal.waiting(_TimeLeft()) as progress:
            trained = trainer.train(progress, terminal.note)
    return _conclude(trained, output, least_accuracy, terminal, are_split=bool(trainer.dataset.validation))


class _TimeLeft:
    """Formats the progress of a training: the share done, and the time left at the speed so far."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._total: int | None = None

    def __call__(self, done: int, total: int | None) -> str:
        if total != self._total or not done:
            self._started, self._total = time.monotonic(), total
        if not total or not done:
            return "0%"
        left = (time.monotonic() - self._started) / done * (total - done)
        return f"{done / total:.0%}, {clock(left)} left"


def _examples(trainer: Trainer, pace: Pace, terminal: Terminal, *, are_checked: bool) -> Examples:
    with terminal.counting("Checking images" if are_checked else "Computing features") as progress:
        progress.set_total(len(trainer.dataset.sources))
        try:
            return trainer.compute_features(lambda failed: progress.advance(failed=failed), **asdict(pace))
        except (KeyboardInterrupt, Terminated):
            if not are_checked:
                terminal.note("the features computed so far are kept for the next run")
            raise


def _print_dataset(trainer: Trainer, terminal: Terminal) -> None:
    dataset = trainer.dataset
    terminal.note(f"{counted(len(dataset.sources), 'image')} of {len(dataset.classes):,} classes")
    terminal.note(f"classes: {described_classes(dataset.classes, dataset.labels)}")
    for note in dataset.notes:
        terminal.note(note)
    if dataset.passed_over:
        terminal.note(f"{counted(dataset.passed_over, 'image')} outside the class folders left out")


def described_classes(classes: Sequence[str], labels: Sequence[int]) -> str:
    """Return the classes with their numbers of images, of many the first."""
    images = Counter(labels)
    shown = [f"{printable(name)} ({images[index]:,})" for index, name in enumerate(classes[:_MOST_CLASSES])]
    if (more := len(classes) - len(shown)) > 0:
        shown.append(f"and {more:,} more")
    return ", ".join(shown)


def _print_left_out(examples: Examples, terminal: Terminal) -> None:
    if examples.near_copies:
        terminal.note(
            f"{counted(examples.near_copies, 'image')} nearly the same as another (saved again in another size, "
            "quality or format): each is kept on the side of the split where the other is"
        )
    for path, error in examples.left_out[:_MOST_LISTED]:
        terminal.note(f"{printable(path)}: {error}")
    if examples.left_out:
        listed = "split.csv lists them all" if len(examples.left_out) > _MOST_LISTED else "see above"
        terminal.note(f"{counted(len(examples.left_out), 'image')} left out: {listed}")


def _conclude(
    trained: Trained, output: str, least_accuracy: float | None, terminal: Terminal, *, are_split: bool
) -> int:
    from mobilenet_cli.training.record import scored

    record = trained.manifest.training or {}
    split = record["split"]
    how = f"cross-validated, {split['folds']} folds" if "folds" in split else f"{counted(split['validation'], 'image')}"
    terminal.note(f"validation ({how}): {scored(record['metrics'], 'validation')}")
    terminal.note("measured on the images that chose it, so flattering: `evaluate` it on others")
    if split.get("validation", _FEW) < _FEW:
        advice = "" if are_split else "; --folds 5 validates on all images"
        terminal.note(f"few validation images: the accuracy is a rough estimate{advice}")
    state = "interrupted; the best so far is" if trained.interrupted else "the model is"
    name = output if "/" in output else f"./{output}"
    terminal.note(f"{state} in {printable(output)}; use it with -m {printable(name)}")
    if trained.interrupted:
        return ExitCode.INTERRUPTED
    accuracy = record["metrics"]["validation_top_1"]
    if least_accuracy is not None and accuracy < least_accuracy:
        raise MnclassifyError(f"the validation's top-1 accuracy is {accuracy:.4g}, less than {least_accuracy:g}")
    return ExitCode.OK
