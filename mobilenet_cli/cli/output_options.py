"""The options that say where records go: -o, --overwrite and --resume."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.signals import Terminated
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.errors import MnclassifyError, OutputError
from mobilenet_cli.files.format import Format
from mobilenet_cli.files.open import open_output
from mobilenet_cli.text import printable


@dataclass(frozen=True, slots=True)
class Output:
    """The destination of records. `file` is None for standard output."""

    file: str | None
    overwrite: bool
    resume: bool

    def check(self, chosen: Format[Any, Any]) -> None:
        """Check that a format can be written there.

        Raises:
            UsageError: The format needs a file, and none is given.
            OutputError: A package that the format needs is not installed.
        """
        if chosen.conversion is not None:
            if self.file is None:
                raise click.UsageError(f"{chosen.name} goes to a file: give -o FILE")
            chosen.conversion.check_installed()

    @contextmanager
    def opened(self, terminal: Terminal, *, resumable: bool = True) -> Iterator[BinaryIO]:
        """Open the output. If a signal ends the block, print where the finished rows are.

        Args:
            terminal: Where to print that.
            resumable: Whether the message may recommend --resume.
        """
        try:
            with open_output(self.file, overwrite=self.overwrite, resume=self.resume, resumable=resumable) as stream:
                yield stream
        except (KeyboardInterrupt, Terminated):
            from mobilenet_cli.files.part_file import part_path

            if self.file is not None and (part := part_path(self.file)).exists():
                advice = "; --resume continues from there" if resumable else ""
                terminal.note(f"the finished rows are in {printable(str(part))}{advice}")
            raise

    def check_worth(self, stream: BinaryIO, labelled: int) -> None:
        """Refuse to replace FILE by failures alone, as after a mistyped folder or an unmounted disk.

        Args:
            stream: The stream that `opened` yielded. Its new rows are discarded, or --resume would keep them.
            labelled: Number of images that could be read.

        Raises:
            MnclassifyError: FILE exists, and no image could be read.
        """
        if self.overwrite and not labelled and self.file is not None and Path(self.file).is_file():
            from mobilenet_cli.files.part_file import PartFile

            if isinstance(stream, PartFile):
                stream.discard_new()
            raise MnclassifyError(f"no image could be read, so {printable(self.file)} is left as it was")


def check_is_no_folder(file: str, name: str) -> None:
    """Check that a name for a file is not a folder's, before its ending is looked at.

    Args:
        file: The name that the user gave.
        name: A file's name for the advice.

    Raises:
        OutputError: It is.
    """
    if file.endswith(("/", os.sep)) or os.path.isdir(file):  # noqa: PTH112 - it stays as it was typed
        example = printable(os.path.join(file, name))  # noqa: PTH118
        raise OutputError(f"cannot write {printable(file)}: it is a folder; name a file in it, as in {example}")


def _output(output: str | None, overwrite: bool, resume: bool) -> Output:
    if resume and overwrite:
        raise click.UsageError("--resume keeps finished rows and --overwrite discards them: give one of them")
    if resume and output in (None, "-"):
        raise click.UsageError("--resume needs -o FILE")
    if output is not None:
        check_is_no_folder(output, "labels.csv")
    return Output(None if output == "-" else output, overwrite, resume)


output_options = option_group(
    "output",
    _output,
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        shell_complete=completion.files,
        help="Write to FILE, which appears once it is complete.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace FILE if it exists."),
    click.option(
        "--resume", is_flag=True, help="Keep the rows already in FILE, or from an interrupted run, and do the rest."
    ),
)
