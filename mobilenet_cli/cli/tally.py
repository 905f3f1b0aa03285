"""Counting a run's records for the progress line, the final summary and the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.text import counted


class _Record(Protocol):
    @property
    def status(self) -> str: ...


_AnySource = TypeVar("_AnySource")
_AnyRecord = TypeVar("_AnyRecord", bound=_Record)


@dataclass(slots=True)
class Tally:
    """The numbers of images done and failed in a run.

    Attributes:
        terminal: Where the summary is printed.
        verb: The past participle for the summary: "classified".
        done: Number of records so far, plus sources that an earlier run finished.
        failed: Number of records so far whose status is "error".
        left_out: The files left out because an extra is missing.
    """

    terminal: Terminal
    verb: str
    done: int = 0
    failed: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)

    def watched(
        self, pairs: Iterable[tuple[_AnySource, _AnyRecord]], progress: ProgressLine
    ) -> Iterator[tuple[_AnySource, _AnyRecord]]:
        """Yield the pairs unchanged, counting the records here and in the progress line."""
        for source, record in pairs:
            failed = record.status == "error"
            self.done += 1
            self.failed += failed
            progress.advance(failed=failed)
            yield source, record

    def print_kept(self, count: int) -> None:
        """Print the number of images, if any, whose earlier rows are kept although SOURCES does not name them."""
        if count:
            self.terminal.note(f"kept the rows of {counted(count, 'image')} that SOURCES does not name")

    def conclude(self) -> ExitCode:
        """Print the failures and the files left out, if any, and return the exit code."""
        left_out = self.left_out.lines()
        for line in left_out:
            self.terminal.note(line)
        if not self.done and not left_out:
            self.terminal.note("no images found")
        elif self.failed:
            self.terminal.note(f"{self.failed:,} of {counted(self.done, 'image')} could not be {self.verb}")
        return ExitCode.OK if self.done and not self.failed else ExitCode.FAILED
