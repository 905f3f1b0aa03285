"""`--xmp`, `--xmp-remove` and the command `xmp`: the sure label and its kinds as keywords in the images' sidecars."""

from __future__ import annotations

import io
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.errors import SidecarError
from mobilenet_cli.inputs.stdin import STDIN
from mobilenet_cli.records import Result, Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import counted, printable

if TYPE_CHECKING:
    from mobilenet_cli.sidecars.files import SidecarName

_ALLOWED_WITH_REMOVE = {
    *("xmp_remove", "sources", "list_file", "null", "exclude", "include_hidden", "no_recursive", "recursive"),
    *("any_ending", "quiet", "verbose", "progress"),
}


@dataclass(frozen=True, slots=True)
class XmpChoice:
    """Whether to write sidecars, or to remove our keywords from them, and the sidecars' names."""

    write: bool
    remove: bool
    name: SidecarName = "auto"


def _xmp(xmp: bool, sidecar_name: SidecarName | None, xmp_remove: bool) -> XmpChoice:
    if sidecar_name is not None and not (xmp or xmp_remove):
        raise click.UsageError("--sidecar-name needs --xmp")
    if xmp_remove:
        context = click.get_current_context()
        for option in context.command.params:
            given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
            if given and option.name not in _ALLOWED_WITH_REMOVE:
                raise click.UsageError(f"--xmp-remove labels no images: leave {option.opts[-1]} out")
    return XmpChoice(xmp, xmp_remove, sidecar_name or "auto")


sidecar_name_option = click.option(
    "--sidecar-name",
    type=click.Choice(["auto", "stem", "full"]),
    help="stem: IMG.xmp; full: IMG.jpg.xmp; auto: IMG.xmp if it exists and belongs to no other image, otherwise "
    "full  [default: auto]",
)

xmp_options = option_group(
    "xmp",
    _xmp,
    click.option(
        "--xmp", is_flag=True, help="Also write the sure label and its kinds as keywords to XMP sidecar files."
    ),
    sidecar_name_option,
    click.option(
        "--xmp-remove", is_flag=True, help="Remove these keywords from the sidecar files; do not label anything."
    ),
    heading="Photo libraries",
    shape_rows=False,
)


@dataclass(slots=True)
class Sidecars:
    """Edits the sidecars of images and counts the outcomes. Results are written from any thread.

    Attributes:
        terminal: Where failures and the summary are printed.
        name: Which of an image's sidecars is written.
        each_from: The score from which each prediction of a multi-label model is a keyword; None: the sure label and
            its kinds are.
        completed: Number of images that an earlier run finished, and that had no sidecar before this one.
    """

    terminal: Terminal
    name: SidecarName = "auto"
    each_from: float | None = None
    completed: int = 0
    _outcomes: Counter[str] = field(default_factory=Counter)
    _without_file: int = 0
    _missing: int = 0
    _labelled: int = 0
    _unsure: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, result: Result) -> None:
        """Write the label and its kinds to the image's sidecar, unless the image failed.

        Without a sure label, the keywords of an earlier run are removed.
        """
        from mobilenet_cli.sidecars.files import write_keywords

        if result.status == "ok":
            as_path = self.each_from is None
            keywords = self._keywords(result)
            with self._lock:
                self._labelled += bool(keywords)
                self._unsure += not keywords
                self._edit(
                    result.path,
                    lambda: [write_keywords(result.path, keywords, result.model, self.name, as_path=as_path)],
                )

    def _keywords(self, result: Result) -> tuple[str, ...]:
        from mobilenet_cli.sidecars.keywords import keywords_from, keywords_of

        return keywords_of(result) if self.each_from is None else keywords_from(result, self.each_from)

    def has(self, path: str) -> bool:
        """Return whether the image at `path` has a sidecar, ours or another program's."""
        from mobilenet_cli.sidecars.files import has_sidecar

        return has_sidecar(path)

    def remove(self, path: str) -> None:
        """Remove our keywords from the sidecars of the image at `path`."""
        from mobilenet_cli.sidecars.files import remove_keywords

        self._edit(path, lambda: remove_keywords(path))

    def complete(self, source: Source, finished_row: Callable[[], bytes], column: str | None) -> None:
        """Write the sidecar of an image that an earlier run has finished, from its row, if it has none.

        Args:
            source: The image.
            finished_row: Returns a document with the row.
            column: The column of paths of the table that the row stands beside, if it does.
        """
        from mobilenet_cli.writers.reading import read_saved

        if source.path == STDIN or not os.path.lexists(source.path) or self.has(source.path):
            return
        for result in read_saved(io.BytesIO(finished_row()), column):
            if result.status != "ok":
                continue
            self.completed += 1
            if self._keywords(result):
                self.write(replace(result, path=source.path))
            else:
                with self._lock:
                    self._unsure += 1

    def _edit(self, path: str, edit: Callable[[], Iterable[str]]) -> None:
        if path == STDIN or not os.path.lexists(path):
            self._without_file += 1
            self._missing += _names_a_file(path)
            return
        try:
            self._outcomes.update(edit())
        except SidecarError as error:
            self._outcomes["failed"] += 1
            self.terminal.error(str(error))

    @property
    def all_are_missing(self) -> bool:
        """Whether paths named files of this machine, and none of them was there."""
        return self._missing > 0 and not self._outcomes

    def conclude(self, code: int, *, finished: int = 0) -> int:
        """Print how many sidecars were edited, and return the exit code.

        Args:
            code: The exit code so far.
            finished: Number of images that an earlier run finished.
        """
        finished -= self.completed
        named = ("written", "unchanged", "deleted", "failed")
        counts = [f"{self._outcomes[each]:,} {each}" for each in named if self._outcomes[each]]
        self.terminal.note(f"sidecars: {', '.join(counts) or 'none'}")
        if self._unsure:
            images = counted(self._labelled + self._unsure, "image")
            self.terminal.note(f"{self._unsure:,} of {images} without a sure label, so without keywords")
        if self._without_file:
            self.terminal.note(f"{counted(self._without_file, 'image')} without a local file, so without a sidecar")
        if finished:
            self.terminal.note(f"the sidecars of {counted(finished, 'image')} finished earlier are left as they were")
        return ExitCode.NOT_WRITTEN if self._outcomes["failed"] else code


def _names_a_file(path: str) -> bool:
    """Return whether a path is that of a file of its own: no URL, no standard input and no member of an archive."""
    from mobilenet_cli.inputs.archives.members import archive_of

    return path != STDIN and not is_url(path) and archive_of(path) is None


def remove_keywords(sources: Iterable[Source], terminal: Terminal) -> int:
    """Remove our keywords from the sidecars of all `sources`, print a summary, and return the exit code."""
    sidecars, tally = Sidecars(terminal), Tally(terminal, "checked")
    for source in sources:
        tally.done += 1
        if source.error is None:
            sidecars.remove(source.path)
        else:
            tally.failed += 1
            terminal.error(f"{printable(source.path)}: {source.error}")
    return sidecars.conclude(tally.conclude())
