"""The options of `classify` that shape its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.options import sure_option
from mobilenet_cli.cli.output import Output
from mobilenet_cli.cli.output_options import OutputChoice
from mobilenet_cli.cli.outputs import Outputs
from mobilenet_cli.cli.page_options import PageLook, page_click_options
from mobilenet_cli.cli.terminal import stdout_is_terminal
from mobilenet_cli.files.format import Format
from mobilenet_cli.records import Result
from mobilenet_cli.writers import FORMATS, LONG_TABLE, Layout, check_resumable, format_of, page_format

if TYPE_CHECKING:
    from mobilenet_cli.postprocess.topk import Limits

_DELIMITED = ("csv", "tsv")
_MOST_COLUMNS = 100
"""The most labels that each have a column of their own, unless the user asks for more."""


@dataclass(frozen=True, slots=True)
class RecordChoice:
    """Which names and images the records contain, and how they are written."""

    sure: float
    top_k: int | None
    threshold: float | None
    kind: tuple[str, ...]
    match: tuple[str, ...]
    format_name: str | None
    long: bool
    print0: bool
    csv_safe: bool
    look: PageLook

    @property
    def selects(self) -> bool:
        """Whether only some of the images get a record."""
        return bool(self.kind or self.match)

    def outputs(self, output: OutputChoice, *, of_rows: bool) -> Outputs[Result, Layout]:
        """Return the outputs with their formats.

        Args:
            output: Where the records go.
            of_rows: Whether the images come from the rows of a CSV.

        Raises:
            UsageError: The options contradict each other.
            InputError: No format has a file's ending, or a format cannot be resumed.
            OutputError: A package that a format needs is not installed.
        """
        default = "table" if stdout_is_terminal() else "csv"
        chosen = output.formats(self.format_name, FORMATS, self._named, format_of, default)
        found = " and ".join(dict.fromkeys(each.name for each in chosen))
        is_delimited = any(each.name in _DELIMITED for each in chosen)
        if self.long and not is_delimited:
            raise click.UsageError(f"--long needs -f csv or -f tsv, not {found}")
        if self.long and of_rows:
            raise click.UsageError("--from-csv writes one row for each row of the CSV: omit --long")
        if self.print0 and not any(each.name == "path" for each in chosen):
            raise click.UsageError(f"--print0 needs -f path, not {found}")
        if self.csv_safe and not is_delimited:
            raise click.UsageError(f"--csv-safe needs -f csv or -f tsv, not {found}")
        if output.resume:
            for each in chosen:
                check_resumable(each)
        if not self.look.is_default and not any(each.name == "html" for each in chosen):
            raise click.UsageError(f"--thumbnails and --link-base need -f html, not {found}")
        return Outputs(tuple(zip(output.each, map(self._with_look, output.each, chosen), strict=True)))

    def _with_look(self, output: Output, chosen: Format[Result, Layout]) -> Format[Result, Layout]:
        """Return a format; that of a page with the look that the user gave it."""
        if chosen.name != "html":
            return chosen
        file = None if output.is_remote else output.file
        self.look.check(file)
        return page_format(file, self.look.thumbnails, self.look.link_base)

    def failures_are_in(self, outputs: Outputs[Result, Layout]) -> str | None:
        """Return where the rows of failures are, for the end of a sentence; None: there are none."""
        if self.selects:
            return None
        having = (output.shown for output, chosen in outputs.each if chosen.name != "path")
        return next((f"the rows with an error in {shown}" for shown in having), None)

    def layout(self, model: str, limits: Limits, format_name: str, columns: tuple[str, ...] | None) -> Layout:
        """Return the options that shape the records.

        Args:
            model: The model's name.
            limits: Which of an image's classes are its predictions.
            format_name: The format's name.
            columns: The names of the columns of the CSV that the rows stand beside, if they do.

        Raises:
            UsageError: A row would have a column for each of very many labels.
        """
        is_delimited = format_name in _DELIMITED
        if self.top_k is None and limits.k > _MOST_COLUMNS and is_delimited and not self.long:
            raise click.UsageError(
                f"each of {model}'s {limits.k:,} classes may be a label of an image: give -k N, "
                f"{'' if columns else '--long, '}or -f jsonl"
            )
        return Layout(
            top_k=limits.k,
            long=self.long and is_delimited,
            null=self.print0,
            columns=columns,
            model=model,
            threshold=limits.threshold,
            sure=self.sure,
            selected=self.selects,
            csv_safe=self.csv_safe and is_delimited,
        )

    @staticmethod
    def _named(name: str) -> Format[Result, Layout]:
        given = click.get_current_context().get_parameter_source("top_k") is ParameterSource.COMMANDLINE
        return LONG_TABLE if name == "table" and given else FORMATS[name]


def _record_choice(
    format_name: str | None,
    top_k: int | None,
    threshold: float | None,
    sure: float,
    kind: tuple[str, ...],
    match: tuple[str, ...],
    as_json: bool,
    long: bool,
    csv_safe: bool,
    print0: bool,
    thumbnails: str,
    link_base: str | None,
) -> RecordChoice:
    if as_json:
        if format_name not in (None, "json"):
            raise click.UsageError(f"--json is short for -f json, and -f {format_name} is given: give one of them")
        format_name = "json"
    return RecordChoice(
        sure=sure,
        top_k=top_k,
        threshold=threshold,
        kind=kind,
        match=match,
        format_name=format_name,
        long=long,
        print0=print0,
        csv_safe=csv_safe,
        look=PageLook(thumbnails, link_base),
    )


record_options = option_group(
    "records",
    _record_choice,
    click.option(
        "-f",
        "--format",
        "format_name",
        type=click.Choice(list(FORMATS)),
        help="Output format  [default: by FILE's ending; otherwise table on a terminal, csv in a pipe]",
    ),
    click.option(
        "-k",
        "--top-k",
        type=click.IntRange(min=1),
        metavar="N",
        help="Number of labels per image; if given, tables have one line per label  [default: 5, or all of a "
        "multi-label model]",
    ),
    click.option(
        "-t",
        "--threshold",
        type=click.FloatRange(0, 1),
        metavar="SCORE",
        help="Leave out labels with a lower score  [default: 0, or 0.5 for a multi-label model]",
    ),
    sure_option,
    click.option(
        "--kind",
        multiple=True,
        metavar="WORD",
        shell_complete=completion.kinds,
        help="Only keep images of this kind, such as dog, food or n02084071, that score at least --sure for it. "
        "`mnclassify kinds` lists the words.",
    ),
    click.option(
        "--match",
        multiple=True,
        metavar="GLOB",
        help="Only keep images whose sure label, kinds or top k labels match, by label or wnid.",
    ),
    click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Short for -f json: one array. For a stream of objects, one per line, use -f jsonl.",
    ),
    click.option(
        "--long",
        is_flag=True,
        help="CSV and TSV: one row per label instead of per image; rank 0 is the sure label.",
    ),
    click.option(
        "--csv-safe",
        is_flag=True,
        help="CSV and TSV: put ' before cells that a spreadsheet would run as a formula, such as =1+1.",
    ),
    click.option("--print0", is_flag=True, help="With -f path: end each path with a NUL byte, for xargs -0."),
    *page_click_options,
    but=("as_json", "print0", "thumbnails", "link_base"),
)
