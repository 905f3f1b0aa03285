"""The options that select images: files and folders, a list of them, or a CSV for `classify`.

Each group passes its command a validated `named`: NamedSources, TableSources for a CSV, or OptionalSources.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.sources import NamedSources, Sources, TableSources
from mobilenet_cli.inputs.walk import ArchiveUse


def _named_sources(
    sources: tuple[str, ...],
    list_file: str | None,
    null: bool,
    exclude: tuple[str, ...],
    include_hidden: bool,
    no_recursive: bool,
    any_ending: bool,
    column: str | None = None,
    *,
    archives: ArchiveUse = "any",
) -> NamedSources:
    return NamedSources(
        sources,
        list_file,
        null,
        recursive=not no_recursive,
        include_hidden=include_hidden,
        exclude=exclude,
        any_ending=any_ending,
        column=column,
        archives=archives,
    )


@dataclass(frozen=True, slots=True)
class OptionalSources:
    """The sources that the user named, if any, and the --exclude patterns, which also apply to a table's images."""

    chosen: NamedSources | None
    exclude: tuple[str, ...]


def _optional_sources(
    sources: tuple[str, ...],
    list_file: str | None,
    null: bool,
    exclude: tuple[str, ...],
    include_hidden: bool,
    no_recursive: bool,
    any_ending: bool,
) -> OptionalSources:
    if sources or list_file is not None:
        chosen = _named_sources(
            sources, list_file, null, exclude, include_hidden, no_recursive, any_ending, archives="in_place"
        )
        return OptionalSources(chosen, exclude)
    if null or include_hidden or no_recursive or any_ending:
        raise click.UsageError(
            "--null (-0) needs --from FILE; --any-ending, --include-hidden and --no-recursive need SOURCES…"
        )
    return OptionalSources(None, exclude)


def _named_or_csv_sources(
    sources: tuple[str, ...],
    list_file: str | None,
    null: bool,
    exclude: tuple[str, ...],
    include_hidden: bool,
    no_recursive: bool,
    any_ending: bool,
    csv_file: str | None,
    column: str | None,
    delimiter: str | None,
    encoding: str | None,
) -> Sources:
    if csv_file is None:
        if delimiter is not None or encoding is not None:
            raise click.UsageError("--delimiter and --encoding need --from-csv")
        return _named_sources(sources, list_file, null, exclude, include_hidden, no_recursive, any_ending, column)
    if sources or list_file is not None or null or exclude or include_hidden or no_recursive or any_ending:
        raise click.UsageError("--from-csv names every image: leave out SOURCES and the options that select them")
    return TableSources(csv_file, column, _character(delimiter), encoding)


def _character(delimiter: str | None) -> str | None:
    character = "\t" if delimiter == "\\t" else delimiter
    if character is not None and (len(character) != 1 or character in '"\r\n'):
        raise click.UsageError("--delimiter is one character, or \\t for a tab")
    return character


_INPUTS = (
    click.argument("sources", nargs=-1, metavar="SOURCES…", shell_complete=completion.files),
    click.option(
        "--from",
        "list_file",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Also read paths from FILE, one per line; use - for standard input.",
    ),
    click.option(
        "-0", "--null", is_flag=True, help="With --from: paths end with a NUL byte, as printed by find -print0."
    ),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Skip matching files and folders."),
    click.option(
        "--include-hidden",
        is_flag=True,
        help="Include hidden files, and folders that other programs keep (@eaDir, …).",
    ),
    click.option(
        "-r", "--recursive", is_flag=True, hidden=True, expose_value=False, help="Accepted; it is the default."
    ),
    click.option("--no-recursive", is_flag=True, help="Do not search subfolders."),
    click.option(
        "--any-ending", is_flag=True, help="In folders, also find images with other file extensions, or none."
    ),
)
_WHICH_IMAGES = "Which images"


def encoding_option(table: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Return the option --encoding, whose help begins with the table that it is for."""
    return click.option(
        "--encoding",
        metavar="NAME",
        help=f"{table}text encoding  [default: detected: UTF-8, UTF-16 or cp1252]",
    )


input_options = option_group(
    "named",
    _named_sources,
    *_INPUTS,
    click.option("--column", metavar="NAME", help="Column of a .parquet with the images  [default: by type and name]"),
    heading=_WHICH_IMAGES,
    shape_rows=False,
    but=("column",),
)
"""For a command that takes each image once, in order: also those of archives that are streamed."""
optional_input_options = option_group("named", _optional_sources, *_INPUTS, heading=_WHICH_IMAGES, shape_rows=False)
"""For a command that can take its images from elsewhere, or more than once."""

named_or_csv_options = option_group(
    "named",
    _named_or_csv_sources,
    *_INPUTS,
    click.option(
        "--from-csv",
        "csv_file",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Label the image named in each row of a CSV and keep its columns; use - for standard input.",
    ),
    click.option(
        "--column",
        metavar="NAME",
        help="Column of the CSV that holds the paths, or of a .parquet file that holds the images  [default: path, "
        "file, image, …]",
    ),
    click.option(
        "--delimiter",
        metavar="CHARACTER",
        help="With --from-csv: column separator  [default: detected: , ; | or \\t]",
    ),
    encoding_option("With --from-csv: "),
    heading=_WHICH_IMAGES,
    shape_rows=False,
    but=("column",),
)
"""For a command that also takes images from a CSV; `named.columns` is None without one."""
