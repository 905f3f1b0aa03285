"""`--xmp` and `--xmp-remove`: the labels as keywords in the sidecars of the images."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import click
from click.core import ParameterSource

from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.options import option_group
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.errors import SidecarError
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Result, Source
from mobilenet_cli.text import counted, printable

_THRESHOLD = 0.5
"""Of 200 photographs of ImageNet classes 167 get a keyword from this score on, and 95 % of the keywords are right."""

_GO_WITH_REMOVE = {
    *("xmp_remove", "sources", "list_file", "null", "exclude", "include_hidden", "no_recursive", "any_ending"),
    *("quiet", "verbose", "progress"),
}


@dataclass(frozen=True, slots=True)
class XmpChoice:
    """Whether sidecars are written, or our keywords removed from them; and from which score a label is a keyword."""

    write: bool
    remove: bool
    threshold: float | None

    def lowest_score(self, threshold: float) -> float:
        """Return the lowest score of a keyword where `threshold` is that of a prediction."""
        return self.threshold if self.threshold is not None else threshold or _THRESHOLD


def _xmp(xmp: bool, xmp_threshold: float | None, xmp_remove: bool) -> XmpChoice:
    if xmp_threshold is not None and not xmp:
        raise click.UsageError("--xmp-threshold goes with --xmp")
    if xmp_remove:
        context = click.get_current_context()
        for option in context.command.params:
            given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
            if given and option.name not in _GO_WITH_REMOVE:
                raise click.UsageError(f"--xmp-remove labels no images: leave {option.opts[-1]} out")
    return XmpChoice(xmp, xmp_remove, xmp_threshold)


xmp_options = option_group(
    "xmp",
    _xmp,
    click.option("--xmp", is_flag=True, help="Also write the labels as keywords to XMP sidecars."),
    click.option(
        "--xmp-threshold",
        type=click.FloatRange(0, 1),
        metavar="SCORE",
        help=f"Lowest score of a keyword  [default: --threshold if given, else {_THRESHOLD}]",
    ),
    click.option("--xmp-remove", is_flag=True, help="Remove these keywords from the sidecars again; label nothing."),
    heading="Photo libraries",
)


@dataclass(slots=True)
class Sidecars:
    """Edits the sidecars of images, and counts what became of them.

    Attributes:
        terminal: Where failures and the last words go.
    """

    terminal: Terminal
    _outcomes: Counter[str] = field(default_factory=Counter)
    _nowhere: int = 0

    def write(self, result: Result, lowest_score: float) -> None:
        """Put the labels from `lowest_score` on into an image's sidecar, if the image could be read."""
        from mobilenet_cli.sidecars.files import write_keywords
        from mobilenet_cli.sidecars.keywords import keywords_of

        if result.status == "ok":
            keywords = keywords_of(result, lowest_score)
            self._edit(result.path, lambda: [write_keywords(result.path, keywords, result.model)])

    def remove(self, path: str) -> None:
        """Take our keywords out of the sidecars of the image at `path`."""
        from mobilenet_cli.sidecars.files import remove_keywords

        self._edit(path, lambda: remove_keywords(path))

    def _edit(self, path: str, edit: Callable[[], Iterable[str]]) -> None:
        if path == STDIN or not os.path.lexists(path):
            self._nowhere += 1
            return
        try:
            self._outcomes.update(edit())
        except SidecarError as error:
            self._outcomes["failed"] += 1
            self.terminal.error(str(error))

    def conclude(self, code: int, *, finished: int = 0) -> int:
        """Tell what became of the sidecars, and return the exit code.

        Args:
            code: The exit code so far.
            finished: How many images an earlier run had finished.
        """
        counts = [f"{self._outcomes[each]:,} {each}" for each in ("written", "unchanged", "deleted", "failed")]
        told = [count for count in counts if not count.startswith("0 ")]
        self.terminal.note(f"sidecars: {', '.join(told) or 'none'}")
        if self._nowhere:
            self.terminal.note(f"{counted(self._nowhere, 'image')} without a file here, and so without a sidecar")
        if finished:
            self.terminal.note(
                f"the sidecars of {counted(finished, 'image')} that were finished before are left as they were"
            )
        return ExitCode.NOT_WRITTEN if self._outcomes["failed"] else code


def remove_keywords(sources: Iterable[Source], terminal: Terminal) -> int:
    """Take our keywords out of the sidecars of all `sources`, tell how many, and return the exit code."""
    sidecars, tally = Sidecars(terminal), Tally(terminal, "looked at")
    for source in sources:
        tally.done += 1
        if source.error is None:
            sidecars.remove(source.path)
        else:
            tally.failed += 1
            terminal.error(f"{printable(source.path)}: {source.error}")
    return sidecars.conclude(tally.conclude())
