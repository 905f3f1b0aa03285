"""`mnclassify sort SOURCES… --into FOLDER`."""
# A path stays the string that was typed.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import shlex
from collections import Counter
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import click

from mobilenet_cli.cli.decoding_options import DecodingChoice, decoding_options
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.help import Command
from mobilenet_cli.cli.input_options import OptionalSources, optional_input_options
from mobilenet_cli.cli.kind_words import check_words
from mobilenet_cli.cli.model_options import ModelChoice, model_options
from mobilenet_cli.cli.options import Pace, pace_options, terminal_options
from mobilenet_cli.cli.precision_options import PrecisionChoice, precision_options
from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.signals import Terminated
from mobilenet_cli.cli.sort_options import SortChoice, sort_options
from mobilenet_cli.cli.sources import NamedSources
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal, stdout_is_terminal
from mobilenet_cli.records import Result
from mobilenet_cli.text import counted, printable

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier
    from mobilenet_cli.sorting.choice import ByChosenWords, ByName
    from mobilenet_cli.sorting.sort import Sorter

_MOST_FOLDERS = 30
"""How many folders the summary lists."""


@click.command("sort", cls=Command)
@sort_options
@optional_input_options
@model_options
@precision_options
@pace_options
@decoding_options
@terminal_options
def command(
    choice: SortChoice,
    named: OptionalSources,
    model: ModelChoice,
    precision: PrecisionChoice,
    pace: Pace,
    decoding: DecodingChoice,
    terminal: Terminal,
) -> int:
    """Sort images into folders by what they show.

    Each image goes into a folder named after what it shows, such as dog/, cat/ or car/, below --into. Images without
    a sure name go into unsorted/. Images that cannot be read stay where they are. Sidecar files (IMG.xmp,
    IMG.jpg.xmp), edits (IMG.aae) and the videos of live photos (IMG.mov, IMG.mp4) stay with their image.

    Nothing is ever overwritten: a different image with the same name becomes "IMG (2).jpg", and an identical image
    is not added twice. To resume an interrupted run, run the same command again. --undo puts everything back.

    \b
    Examples:
      mnclassify sort photos/ --into sorted/ --dry-run
      mnclassify sort photos/ --into sorted/
      mnclassify sort photos/ --into sorted/ --kinds dog,cat,bird --move
      mnclassify sort photos/ --into sorted/ --by label --link
      mnclassify sort --into sorted/ --undo
    """
    if choice.undo:
        return _undo(choice.into, terminal)
    if named.chosen is None:
        raise click.UsageError("name SOURCES…, or a list of them with --from FILE")
    named.chosen.check_files()
    check_words(choice.kinds, model)
    if named.chosen.are_missing(terminal):
        return ExitCode.FAILED
    from mobilenet_cli.sorting.sort import Sorter, open_sorter

    with terminal.warnings_shown():
        with terminal.waiting() as progress:
            from mobilenet_cli.classifier import Classifier

            classifier = Classifier(**decoding.arguments(), **model.arguments(progress), **precision.arguments())
        folders = _folders(choice, classifier)
        settings = choice.settings(classifier.model.name)
        opened = (
            nullcontext(Sorter(choice.into, choice.how, settings, None))
            if choice.dry_run
            else open_sorter(choice.into, choice.how, settings)
        )
        with opened as sorter:
            run = _SortingRun(
                choice, folders, sorter, terminal, Tally(terminal, "sorted", left_out=named.chosen.left_out)
            )
            return run.sort(named.chosen, classifier, pace)


def _folders(choice: SortChoice, classifier: Classifier) -> ByName | ByChosenWords:
    from mobilenet_cli.sorting.choice import ByChosenWords, ByName
    from mobilenet_cli.taxonomy import load

    return ByChosenWords(choice.kinds, load(), classifier.labels) if choice.kinds else ByName(choice.by, load())


@dataclass(slots=True)
class _SortingRun:
    """A run of `sort`."""

    choice: SortChoice
    folders: ByName | ByChosenWords
    sorter: Sorter
    terminal: Terminal
    tally: Tally
    counts: Counter[str] = field(default_factory=Counter)
    companions: int = 0
    there: int = 0

    def sort(self, named: NamedSources, classifier: Classifier, pace: Pace) -> int:
        """Sort the images, or print where they would go; return the exit code."""
        from mobilenet_cli.sorting.pending import Pending

        pending = Pending(self.sorter)
        pairs = classifier.classify_sources(pending.of(named.find()), top_k=1, sure=self.choice.sure, **asdict(pace))
        try:
            self.tally.begin()
            with closing(pairs), self.terminal.counting("Sorting") as progress:
                if self.terminal.live:
                    named.count_in_background(progress, finished=pending)
                for _, result in pairs:
                    self.tally.count(progress, failed=not self._put(result, progress))
        except (KeyboardInterrupt, Terminated):
            if not self.choice.dry_run:
                self.terminal.note("give the same command again to resume, or --undo to put everything back")
            raise
        if pending.inside and not (self.tally.done or pending.done):
            self.terminal.note(f"{counted(pending.inside, 'image')} left out: the destination holds them already")
        self._summarise(pending.done)
        self.tally.done += pending.done
        code = self.tally.conclude()
        self.tally.print_pace(to_file=False)
        return code

    def _put(self, result: Result, progress: ProgressLine) -> bool:
        from mobilenet_cli.sorting.sort import NotSortedError

        reason = result.error
        if result.status == "ok":
            try:
                outcome = self.sorter.put(result.path, self.folders.folder(result))
            except NotSortedError as error:
                reason = str(error)
            else:
                self.there += outcome.is_there
                self.companions += outcome.companions
                self.counts[outcome.folder] += not outcome.is_there
                if self.choice.dry_run:
                    apart = progress.hidden if stdout_is_terminal() else nullcontext
                    with apart():
                        target = printable(os.path.join(self.choice.into, outcome.target))
                        note = "\talready there" if outcome.is_there else ""
                        click.echo(f"{printable(result.path)}\t{target}{note}")
                return True
        self.terminal.error(f"{printable(result.path)}: {reason}")
        return False

    def _summarise(self, done: int) -> None:
        """Print the number of images in each folder, and how to undo it."""
        from mobilenet_cli.sorting.folders import UNSORTED

        note = self.terminal.note
        if done:
            note(f"{counted(done, 'image')} already sorted")
        if self.there:
            note(f"{counted(self.there, 'image')} left as they are: the same image is there already")
        counts = [(folder, count) for folder, count in self.counts.most_common() if count]
        if not counts:
            if done or self.there:
                note("nothing to do")
            return
        for folder, count in counts[:_MOST_FOLDERS]:
            note(f"{count:>7,}  {printable(os.path.join(self.choice.into, folder))}")
        if more := counts[_MOST_FOLDERS:]:
            note(f"{sum(count for _, count in more):>7,}  in {counted(len(more), 'more folder')}")
        if unsorted := self.counts[UNSORTED]:
            reason = "of none of these kinds" if self.choice.kinds else "without a sure name"
            note(f"{counted(unsorted, 'image')} {reason}, so in {UNSORTED}/")
        images = counted(sum(self.counts.values()), "image")
        companions = f" and {counted(self.companions, 'companion file')}" if self.companions else ""
        where = f"into {counted(len(counts), 'folder')}"
        if self.choice.dry_run:
            note(f"{images}{companions} would be sorted {where}")
        else:
            undoing = f"mnclassify sort --into {shlex.quote(printable(self.choice.into))} --undo"
            note(f"{images}{companions} sorted {where}; undo with: {undoing}")


def _undo(into: str, terminal: Terminal) -> int:
    """Put back all that was sorted into `into`, and return the exit code."""
    from mobilenet_cli.sorting.undo import undo

    with terminal.counting("Putting back") as progress:
        undone = undo(into, lambda: progress.advance(failed=False))
    for target, reason in undone.left:
        terminal.error(f"{printable(os.path.join(into, target))} is left: {reason}")
    terminal.note(f"{counted(undone.images, 'image')} put back")
    return ExitCode.FAILED if undone.left else ExitCode.OK
