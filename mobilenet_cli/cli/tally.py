"""Counting a run's records for the progress line, the lines of a long run, the final summary and the exit code."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.status_line import clock
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.records import Embedding, Result
from mobilenet_cli.text import counted, printable

FIRST_FAILURES = 3
"""How many failures the summary has with their reasons."""
MINUTE = 60.0
"""Seconds between the lines of a run without a progress line."""


class _Record(Protocol):
    @property
    def status(self) -> str: ...


_AnySource = TypeVar("_AnySource")
_AnyRecord = TypeVar("_AnyRecord", bound=_Record)


@dataclass(slots=True)
class Tally:
    """The numbers of images done and failed in a run, and its pace.

    Attributes:
        terminal: Where the summary is printed.
        verb: The past participle for the summary: "classified".
        done: Number of records so far, plus sources that an earlier run finished.
        failed: Number of records so far whose status is "error".
        left_out: The files left out because an extra is missing, or of other types.
        rows: Where all failures are with their reasons, for a summary that has the first ones; None: they were
            printed as they came.
    """

    terminal: Terminal
    verb: str
    done: int = 0
    failed: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)
    rows: str | None = None
    _first: list[str] = field(default_factory=list)
    _counted: int = 0
    _started: float = field(default_factory=time.monotonic)
    _seconds: float = 0.0
    _lines: int = 0

    def watched(
        self, pairs: Iterable[tuple[_AnySource, _AnyRecord]], progress: ProgressLine
    ) -> Iterator[tuple[_AnySource, _AnyRecord]]:
        """Yield the pairs unchanged, counting the records here and in the progress line."""
        self.begin()
        for source, record in pairs:
            failed = record.status == "error"
            if failed and len(self._first) < FIRST_FAILURES and isinstance(record, (Result, Embedding)):
                self._first.append(f"{printable(record.path)}: {record.error}")
            self.count(progress, failed=failed)
            yield source, record
        self._seconds = time.monotonic() - self._started

    def begin(self) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def add(self, progress: ProgressLine, done: int, failures: Sequence[str], *, failed: int) -> None:
        """Count several images at once; `failures` are lines of the first that failed."""
        self._first += failures[: FIRST_FAILURES - len(self._first)]
        if done:
            self.count(progress, failed=failed, done=done)

    def count(self, progress: ProgressLine, *, failed: int, done: int = 1) -> None:
        """Count more images, and print a line if a minute has passed and no progress line is shown, or with -v."""
        self.done += done
        self.failed += failed
        self._counted += done
        progress.advance(failed=failed, done=done)
        self._seconds = time.monotonic() - self._started
        if self._seconds >= MINUTE * (self._lines + 1):
            self._lines = int(self._seconds // MINUTE)
            if self.terminal.says_each_minute:
                failures = f", {self.failed:,} failed" if self.failed else ""
                self.terminal.note(f"{counted(self._counted, 'image')} so far{failures}, {self._rate()}")

    def print_already_done(self, count: int | None) -> None:
        """Print the number of images, if any, that an earlier run has finished."""
        if count:
            self.terminal.note(f"{counted(count, 'image')} already done")

    def print_kept(self, count: int) -> None:
        """Print the number of images, if any, whose earlier rows are kept although SOURCES does not name them."""
        if count:
            self.terminal.note(f"kept the rows of {counted(count, 'image')} that SOURCES does not name")

    def conclude(self) -> ExitCode:
        """Print the failures and the files left out, if any, and return the exit code."""
        note, left_out = self.terminal.note, self.left_out.lines()
        for line in (*left_out, *self.left_out.others()):
            note(line)
        if not self.done and not left_out:
            note("no images found")
        elif self.failed:
            if self.rows is not None:
                for line in self._first:
                    note(line)
                if more := self.failed - len(self._first):
                    note(f"{more:,} more: {self.rows}")
            note(f"{self.failed:,} of {counted(self.done, 'image')} could not be {self.verb}")
        return ExitCode.OK if self.done and not self.failed else ExitCode.FAILED

    def print_pace(self, *, to_file: bool) -> None:
        """Print the last line of a run: how many images it did, in what time.

        Args:
            to_file: Whether its records went to a file. Elsewhere a short run has the line on a terminal or with -v.
        """
        if self._counted and (to_file or self.terminal.live or self.terminal.is_verbose or self._lines):
            took = clock(self._seconds) if self._seconds >= MINUTE else f"{self._seconds:.1f} s"
            self.terminal.note(f"{counted(self._counted, 'image')} in {took}, {self._rate()}")

    def _rate(self) -> str:
        rate = self._counted / max(self._seconds, 0.001)
        return f"{rate:,.0f} images/s" if rate >= 10 else f"{rate:.1f} images/s"
