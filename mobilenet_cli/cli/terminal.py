"""A command's messages on stderr: errors, warnings, notes and the status line."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from mobilenet_cli.cli import PROGRAM
from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.status_line import Spinner, StatusLine
from mobilenet_cli.errors import FallbackWarning, ModelWarning
from mobilenet_cli.machine.home import first_time
from mobilenet_cli.progress import Progress
from mobilenet_cli.text import printable, printable_lines


def stdout_is_terminal() -> bool:
    """Return whether standard output is a terminal; False if it is closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def say(text: str, *, err: bool = False) -> None:
    """Print lines of text on stdout, or on stderr if `err`, without what a terminal would obey."""
    click.echo(printable_lines(text), err=err)


def _can_erase() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class _SafeFormatter(logging.Formatter):
    """Formats log messages as `say` prints."""

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


class Terminal:
    """Prints messages, above the status line if one is shown."""

    def __init__(self, *, quiet: bool = False, verbosity: int = 0, progress: bool | None = None) -> None:
        """Set up logging and the status line of a command.

        Args:
            quiet: Print errors only.
            verbosity: 1 logs at level INFO; 2 or more logs at level DEBUG and lets native code write its logs.
            progress: Whether to show a status line; None: if stderr is a terminal and not `quiet`.
        """
        self._quiet, self._verbosity = quiet, verbosity
        self._live = progress if progress is not None else _can_erase() and not quiet
        self._line: StatusLine | None = None
        if verbosity:
            level = logging.INFO if verbosity == 1 else logging.DEBUG
            logging.basicConfig()
            for handler in logging.getLogger().handlers:
                handler.setFormatter(_SafeFormatter("%(name)s: %(message)s"))
            logging.getLogger("mobilenet_cli").setLevel(level)

    def note(self, text: str) -> None:
        """Print a message that is not an error, unless quiet."""
        if not self._quiet:
            self._print(text)

    def detail(self, text: str) -> None:
        """Print a message for the user who asked for more, with -v."""
        if self._verbosity:
            self.note(text)

    @property
    def is_verbose(self) -> bool:
        """Whether the user asked for more, with -v."""
        return self._verbosity > 0

    @property
    def says_each_minute(self) -> bool:
        """Whether a long run prints a line each minute: there is no status line, or the user asked for more."""
        return self._verbosity > 0 or not self._live

    def error(self, text: str) -> None:
        """Print an error, even if quiet."""
        self._print(text)

    def _print(self, text: str) -> None:
        message = printable_lines(f"{PROGRAM}: {text}")
        if self._line is not None:
            self._line.message(message)
        else:
            print(message, file=sys.stderr, flush=True)

    @contextmanager
    def warnings_shown(self) -> Iterator[None]:
        """Print this package's warnings as notes, and hide those of other libraries, during the block."""

        def show(message: Warning | str, *_: Any, **__: Any) -> None:
            if isinstance(message, FallbackWarning):
                self._say_fallback(message)
            else:
                self.note(f"warning: {message}")

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("always", module=r"mobilenet_cli\b")
            warnings.filterwarnings("always", category=ModelWarning)
            warnings.showwarning = show
            yield

    def _say_fallback(self, warning: FallbackWarning) -> None:
        """Print that another model is used: once a model store, or with -v at each run, and then why."""
        if self._verbosity:
            self.note(printable(f"{warning.short}: {warning.reason}"))
        elif not self._quiet and first_time("fallback"):
            self.note(f"{warning.short} (-v: why)")

    @contextmanager
    def waiting(self, shown: Callable[[int, int | None], str] | None = None) -> Iterator[Progress]:
        """Yield a callback that shows progress: with a spinner, or as one line per stage if there is no status line.

        Args:
            shown: Formats the amount done and the total; None: both are bytes.
        """
        stage = ""
        with contextlib.ExitStack() as stack:

            def progress(text: str, done: int | None, total: int | None) -> None:
                nonlocal stage
                text = printable(text)
                if text != stage and not self._live:
                    self.note(text)
                if self._live:
                    if self._line is None:
                        self._line = stack.enter_context(Spinner(sys.stderr, text, enabled=True))
                    assert isinstance(self._line, Spinner)  # noqa: S101 - for the type checker
                    self._line.update(text if done is None else f"{text}: {(shown or _bytes)(done, total)}")
                stage = text

            try:
                yield progress
            finally:
                stack.close()
                self._line = None

    @contextmanager
    def counting(self, description: Callable[[], str] | str = "Classifying") -> Iterator[ProgressLine]:
        """Show a progress line during the block."""
        with ProgressLine(sys.stderr, enabled=self._live, description=description) as progress:
            self._line = progress
            try:
                yield progress
            finally:
                self._line = None

    @property
    def live(self) -> bool:
        """Whether status lines are shown."""
        return self._live


def _bytes(done: int, total: int | None) -> str:
    return f"{done / 1e6:.1f} MB" if total is None else f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
