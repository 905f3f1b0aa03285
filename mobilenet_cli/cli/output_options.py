"""The options that say where records go: -o, --overwrite and --resume."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.output import Formats, Output
from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.files.format import Format
from mobilenet_cli.machine.paths import same_file
from mobilenet_cli.text import printable

_AnyFormat = TypeVar("_AnyFormat", bound=Format[Any, Any])


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """Where records go: one or more outputs, standard output if none is named."""

    each: tuple[Output, ...]

    @property
    def file(self) -> str | None:
        """The first output's file; None for standard output."""
        return self.each[0].file

    @property
    def resume(self) -> bool:
        """Whether the rows that are there are kept."""
        return self.each[0].resume

    def formats(
        self,
        name: str | None,
        formats: Formats,
        of_name: Callable[[str], _AnyFormat],
        of_file: Callable[[str], _AnyFormat],
        default: str,
    ) -> list[_AnyFormat]:
        """Return the format of each output.

        A name that the user gives is the format of a single output, or of those of several whose names mean none.

        Args:
            name: That name, if there is one.
            formats: The command's formats, for messages.
            of_name: Returns the format of a name.
            of_file: Returns the format that a file's ending means. Raises InputError where it means none.
            default: The name of the format of standard output, where the user names none.

        Raises:
            UsageError: A folder's format is not named, or the format that is named is none of the outputs'.
            InputError: No format has a file's ending.
            OutputError: A package that a format needs is not installed.
        """
        found = [self._meant(each, of_file) if len(self.each) > 1 or name is None else None for each in self.each]
        if name is not None and None not in found:
            raise click.UsageError(f"-f {name} is for an output whose name says no format: each of these says its own")
        chosen: list[_AnyFormat] = []
        for output, meant in zip(self.each, found, strict=True):
            if meant is None and name is None and output.file is not None:
                output.check_format_of_folder(formats)
                chosen.append(of_file(output.file))
            else:
                chosen.append(meant or of_name(name or default))
            output.check(chosen[-1], formats)
        return chosen

    @staticmethod
    def _meant(output: Output, of_file: Callable[[str], _AnyFormat]) -> _AnyFormat | None:
        """Return the format that an output's name means, None where it means none."""
        if output.file is None or output.is_folder:
            return None
        try:
            return of_file(output.file)
        except InputError:
            return None


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


def check_distinct(files: Sequence[str]) -> None:
    """Check that no two names are the same file's.

    Raises:
        UsageError: Two are.
    """
    for place, file in enumerate(files):
        for other in files[:place]:
            if os.path.realpath(file) == os.path.realpath(other) or same_file(file, other):
                raise click.UsageError(f"-o names the same file twice: {printable(other)} and {printable(file)}")


def _output(output: tuple[str, ...], overwrite: bool, resume: bool, rows_per_file: int | None) -> OutputChoice:
    files = [None if each == "-" else each for each in output] or [None]
    if resume and overwrite:
        raise click.UsageError("--resume keeps finished rows and --overwrite discards them: give one of them")
    for given, option in ((resume, "--resume"), (overwrite, "--overwrite")):
        if given and None in files:
            raise click.UsageError(f"{option} needs -o FILE")
    check_distinct(output)
    chosen = [Output(file, overwrite, resume) for file in files]
    if rows_per_file is not None:
        if not any(each.is_folder for each in chosen):
            raise click.UsageError("--rows-per-file goes with a folder: give -o DIR/")
        chosen = [Output(file, overwrite, resume, rows_per_file) for file in files]
    return OutputChoice(tuple(chosen))


output_options = option_group(
    "output",
    _output,
    click.option(
        "-o",
        "--output",
        multiple=True,
        metavar="FILE",
        shell_complete=completion.files,
        help="Write to FILE, which appears once it is complete; repeatable. DIR/ is for a folder of part files, s3://… "
        "for an object store.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace FILE if it exists."),
    click.option(
        "--resume", is_flag=True, help="Keep the rows already in FILE, or from an interrupted run, and do the rest."
    ),
    click.option(
        "--rows-per-file",
        type=click.IntRange(min=1),
        metavar="N",
        help="With -o DIR/: images per part file  [default: those of an archive, otherwise 100,000]",
    ),
    shape_rows=False,
)
