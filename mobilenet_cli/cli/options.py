"""The options that several commands share. A command receives each group as one validated object.

`@model_options` passes it `model: ModelChoice`, `@output_options` passes it `output: Output`, and so on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_args

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.help import Decorator, under
from mobilenet_cli.cli.network_input import chosen_input, input_of_network_options
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.engines import ENGINES, EngineName
from mobilenet_cli.engines.network_input import Channels, Input
from mobilenet_cli.errors import MnclassifyError
from mobilenet_cli.files.document import Document
from mobilenet_cli.files.folder_document import FolderDocument, HasStatus
from mobilenet_cli.files.format import Format, RowOptions
from mobilenet_cli.files.open import open_output
from mobilenet_cli.files.part_file import PartFile, part_path
from mobilenet_cli.files.part_folder import PartFolder, is_folder, open_folder
from mobilenet_cli.images.preprocess import Crop, silence_decoder_warnings
from mobilenet_cli.models import AUTO
from mobilenet_cli.postprocess.topk import is_temperature
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import SURE
from mobilenet_cli.remote.uploads import check_writable
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

_Record = TypeVar("_Record", bound=HasStatus)
_Options = TypeVar("_Options", bound=RowOptions)


def option_group(name: str, make: Callable[..., Any], *options: Decorator, heading: str = "Options") -> Decorator:
    """Return a decorator that gives a command `options` and passes it their values as one object.

    Args:
        name: The command's parameter that receives the object.
        make: Makes the object. Its parameters have the names of the options.
        options: Click's decorators, in the order of the help.
        heading: The heading of the options in the help.
    """
    names = list(inspect.signature(make).parameters)

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def wrapper(**values: Any) -> Any:
            own = {each: values.pop(each) for each in names}
            return command(**values, **{name: make(**own)})

        decorated: Callable[..., Any] = wrapper
        for option in reversed(options):
            decorated = under(heading, option)(decorated)
        return decorated

    return decorate


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The model, and how images are prepared for it."""

    model: str
    engine: EngineName
    image_size: int | None
    crop: Crop | None
    offline: bool
    network_input: Input | None = None

    def arguments(self, progress: Progress) -> dict[str, Any]:
        """Return the arguments that a Classifier and an Embedder take."""
        return {**{field.name: getattr(self, field.name) for field in fields(self)}, "progress": progress}


def _model_choice(
    model: str,
    engine: EngineName,
    image_size: int | None,
    crop: Crop | None,
    offline: bool,
    input_range: str | None,
    mean: str | None,
    std: str | None,
    channels: Channels | None,
) -> ModelChoice:
    return ModelChoice(model, engine, image_size, crop, offline, chosen_input(input_range, mean, std, channels))


model_options = option_group(
    "model",
    _model_choice,
    click.option(
        "-m",
        "--model",
        default=AUTO,
        show_default=True,
        envvar="MNCLASSIFY_MODEL",
        show_envvar=True,
        metavar="NAME|URL|PATH",
        shell_complete=completion.models,
        help="Model name, TF Hub handle, or path to a SavedModel, checkpoint, archive, .tflite or Keras file "
        "or trained model.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["auto", *ENGINES]),
        default="auto",
        show_default=True,
        help="Inference engine.",
    ),
    click.option(
        "--image-size", type=int, metavar="PIXELS", help="Input size of the model  [default: the model's own]"
    ),
    click.option(
        "--crop",
        type=click.Choice(get_args(Crop)),
        help="How to make an image square  [default: the model's own]",
    ),
    click.option(
        "--offline",
        is_flag=True,
        envvar="MNCLASSIFY_OFFLINE",
        show_envvar=True,
        help="Never download models.",
    ),
    *input_of_network_options,
    heading="Model",
)


def _temperature(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not is_temperature(value):
        raise click.BadParameter(f"a temperature is a number above 0, not {value:g}")
    return value


temperature_option = under(
    "Model",
    click.option(
        "--temperature",
        type=float,
        metavar="T",
        callback=_temperature,
        help="Divide the logits by T: above 1 lowers the scores  [default: the model's own]",
    ),
)


@dataclass(frozen=True, slots=True)
class Output:
    """The destination of records. `file` is None for standard output."""

    file: str | None
    overwrite: bool
    resume: bool
    rows_per_file: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether the records go to a folder of parts."""
        return is_folder(self.file)

    @property
    def is_remote(self) -> bool:
        """Whether the records go to a URL."""
        return self.file is not None and is_url(self.file)

    def document(
        self,
        stream: BinaryIO | PartFolder,
        chosen: Format[_Record, _Options],
        options: _Options,
        trained_at: float = 0.0,
    ) -> Document[_Record, _Options] | FolderDocument[_Record, _Options]:
        """Return the document that the records go to.

        Args:
            stream: What `opened` yielded.
            chosen: The format.
            options: The options that shape the rows.
            trained_at: When the model was trained: see Document.

        Raises:
            InputError, OutputError: As for Document and FolderDocument.
        """
        if isinstance(stream, PartFolder) and not self.is_folder:
            from mobilenet_cli.files.remote_output import PartsOfFile, RemoteFileDocument

            if isinstance(stream, PartsOfFile):
                return RemoteFileDocument(stream, chosen, options, trained_at=trained_at)
        if isinstance(stream, PartFolder):
            return FolderDocument(stream, chosen, options, rows_per_file=self.rows_per_file, trained_at=trained_at)
        return Document(stream, chosen, options, resume=self.resume, trained_at=trained_at)

    def check(self, chosen: Format[Any, Any]) -> None:
        """Check that a format can be written there.

        Raises:
            UsageError: The format needs a file, and none is given.
            OutputError: A package that the format needs is not installed.
        """
        if self.is_folder and (chosen.rows is None or (chosen.conversion and chosen.conversion.read is None)):
            raise click.UsageError(f"a folder takes the formats parquet, jsonl and csv, not {chosen.name}")
        if self.is_remote:
            check_writable(self.file or "")
            if chosen.rows is None:
                raise click.UsageError(f"a URL takes the formats parquet, jsonl, csv, tsv and html, not {chosen.name}")
        if self.rows_per_file is not None and not self.is_folder:
            raise click.UsageError("--rows-per-file goes with a folder: give -o DIR/")
        if chosen.conversion is not None:
            if self.file is None:
                raise click.UsageError(f"{chosen.name} goes to a file: give -o FILE")
            chosen.conversion.check_installed()

    @contextmanager
    def opened(self, terminal: Terminal, *, resumable: bool = True) -> Iterator[BinaryIO | PartFolder]:
        """Open the output. If Ctrl-C ends the block, print where the finished rows are.

        Args:
            terminal: Where to print that.
            resumable: Whether the message may recommend --resume.
        """
        try:
            if self.file is not None and self.is_remote:
                from mobilenet_cli.files.remote_output import open_remote

                with open_remote(self.file, overwrite=self.overwrite, resume=self.resume) as folder:
                    yield folder
                return
            if self.file is not None and self.is_folder:
                with open_folder(self.file, overwrite=self.overwrite, resume=self.resume) as folder:
                    yield folder
                return
            with open_output(self.file, overwrite=self.overwrite, resume=self.resume, resumable=resumable) as stream:
                yield stream
        except KeyboardInterrupt:
            if self.is_remote:
                terminal.note("the finished parts are uploaded; --resume continues from there")
            elif self.is_folder:
                terminal.note(f"the finished rows are in {printable(self.file or '')}; --resume continues from there")
            elif self.file is not None and (part := part_path(self.file)).exists():
                advice = "; --resume continues from there" if resumable else ""
                terminal.note(f"the finished rows are in {printable(str(part))}{advice}")
            raise

    def check_worth(self, stream: BinaryIO | PartFolder, labelled: int) -> None:
        """Refuse to replace FILE by failures alone, as after a mistyped folder or an unmounted disk.

        Args:
            stream: The stream that `opened` yielded. Its new rows are discarded, or --resume would keep them.
            labelled: Number of images that could be read.

        Raises:
            MnclassifyError: FILE exists, and no image could be read.
        """
        if self.overwrite and not labelled and self.file is not None and Path(self.file).is_file():
            if isinstance(stream, PartFile):
                stream.discard_new()
            raise MnclassifyError(f"no image could be read, so {printable(self.file)} is left as it was")


def _output(output: str | None, overwrite: bool, resume: bool, rows_per_file: int | None) -> Output:
    if resume and overwrite:
        raise click.UsageError("--resume keeps finished rows and --overwrite discards them: give one of them")
    if resume and output in (None, "-"):
        raise click.UsageError("--resume needs -o FILE")
    return Output(None if output == "-" else output, overwrite, resume, rows_per_file)


output_options = option_group(
    "output",
    _output,
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        shell_complete=completion.files,
        help="Write to FILE. It appears once it is complete. DIR/ is a folder of part files, s3://… an object store.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace FILE if it exists."),
    click.option(
        "--resume", is_flag=True, help="Keep the finished rows of FILE or of an interrupted run, and do the rest."
    ),
    click.option(
        "--rows-per-file",
        type=click.IntRange(min=1),
        metavar="N",
        help="With -o DIR/: images a part file  [default: those of an archive, else 100,000]",
    ),
    heading="Output",
)


@dataclass(frozen=True, slots=True)
class Pace:
    """The batch size and the number of workers; None is the default."""

    batch_size: int | None
    workers: int | None


pace_options = option_group(
    "pace",
    Pace,
    click.option(
        "--batch-size",
        type=click.IntRange(1, 1024),
        metavar="N",
        help="Images per inference batch  [default: the engine's own]",
    ),
    click.option(
        "--workers", type=click.IntRange(1, 256), metavar="N", help="Worker threads  [default: number of usable cores]"
    ),
    heading="Speed",
)


def _terminal(quiet: bool, verbose: int, progress: bool | None) -> Terminal:
    silence_decoder_warnings()
    return Terminal(quiet=quiet, verbosity=verbose, progress=progress)


terminal_options = option_group(
    "terminal",
    _terminal,
    click.option("-q", "--quiet", is_flag=True, help="Only print errors."),
    click.option("-v", "--verbose", count=True, help="Print more; -vv adds logs and tracebacks."),
    click.option(
        "--progress/--no-progress", default=None, help="Show a progress line  [default: if stderr is a terminal]"
    ),
    heading="Messages",
)


sure_option = click.option(
    "--sure",
    type=click.FloatRange(0, 1),
    default=SURE,
    show_default=True,
    metavar="SCORE",
    help="Lowest score of a sure label: a class, or a word above classes, whose scores add up.",
)
