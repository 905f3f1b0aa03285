"""`--from-csv`, `--column` and `--delimiter`, beside the options for sources that are named one by one."""

from __future__ import annotations

import click

from mobilenet_cli.cli.options import _INPUTS, _group, _named_sources
from mobilenet_cli.cli.sources import Sources, TableSources


def _sources(
    sources: tuple[str, ...],
    list_file: str | None,
    null: bool,
    exclude: tuple[str, ...],
    include_hidden: bool,
    no_recursive: bool,
    csv_file: str | None,
    column: str | None,
    delimiter: str | None,
) -> Sources:
    if csv_file is None:
        if column is not None or delimiter is not None:
            raise click.UsageError("--column and --delimiter go with --from-csv")
        return _named_sources(sources, list_file, null, exclude, include_hidden, no_recursive)
    if sources or list_file is not None or null or exclude or include_hidden or no_recursive:
        raise click.UsageError("--from-csv names all images, a row each: leave SOURCES and the options for them out")
    return TableSources(csv_file, column, _character(delimiter))


def _character(delimiter: str | None) -> str | None:
    character = "\t" if delimiter == "\\t" else delimiter
    if character is not None and (len(character) != 1 or character in '"\r\n'):
        raise click.UsageError("--delimiter is one character, or \\t for a tab")
    return character


named_or_csv_options = _group(
    "named",
    _sources,
    *_INPUTS,
    click.option(
        "--from-csv",
        "csv_file",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Label the images that a CSV's rows name, beside its columns; - is standard input.",
    ),
    click.option(
        "--column",
        metavar="NAME",
        help="With --from-csv: the column of the images  [default: the one called path, file, image, …]",
    ),
    click.option(
        "--delimiter",
        metavar="CHARACTER",
        help="With --from-csv: what separates its cells  [default: by its header: , ; | or \\t]",
    ),
)
