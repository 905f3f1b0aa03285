"""A status line at the bottom of the terminal, and the spinner of a wait.

Records go to stdout and this line to stderr, often on the same terminal. Code that prints does so inside
`hidden()`, which erases the line and draws it again below. Only one line can be shown: do not nest them.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from rich.console import Console
    from rich.text import Text

TICK = 0.1
"""Seconds before the first drawing and between drawings. A shorter run shows no line."""
ERASE = "\r\x1b[2K"
ROOM = len("^C") + 1
"""Columns that stay free: the terminal prints ^C behind the line, and a full last column would move the cursor on."""


class StatusLine:
    """A line that redraws itself while its block runs, and is erased when the block ends.

    Args:
        stream: The terminal's stream, stderr.
        enabled: If False, or if the terminal cannot erase a line (TERM=dumb), the line is never drawn and rich is
            not imported; only message() prints.
    """

    def __init__(self, stream: TextIO, *, enabled: bool) -> None:
        self._stream = stream
        self._enabled = enabled and os.environ.get("TERM") != "dumb"
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._shown = ""
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        if self._enabled:
            from rich.console import Console

            self._console = Console(file=self._stream, highlight=False, markup=False, emoji=False)
            self._thread = threading.Thread(target=self._refresh, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._enabled:
            self._stopped.set()
            self._thread.join()
            self._erase()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Erase the line while the block prints. Redrawing by other threads waits."""
        with self._lock:
            shown = self._erase()
            try:
                yield
            finally:
                self._show(shown)

    def message(self, text: str) -> None:
        """Print a line of text above the status line."""
        with self.hidden():
            self._put(f"{text}\n")

    def _refresh(self) -> None:
        while not self._stopped.wait(TICK):
            with self._lock, contextlib.suppress(OSError):  # rich flushes the stream
                self._show(self._drawn())

    def _drawn(self) -> str:
        try:
            width = os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            width = 80
        width = max(width - ROOM, 0)
        line = self._line(self._console, width)
        line.truncate(width, overflow="crop")
        with self._console.capture() as written:
            self._console.print(line, end="", soft_wrap=True)
        return written.get()

    def _show(self, line: str) -> None:
        if line or self._shown:
            self._put(f"\r{line}\x1b[K")
        self._shown = line

    def _erase(self) -> str:
        shown, self._shown = self._shown, ""
        if shown:
            self._put(ERASE)
        return shown

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone, which must not end the run
            self._stream.write(text)
            self._stream.flush()

    def _line(self, console: Console, width: int) -> Text:
        """Return the line to draw, at most `width` cells wide."""
        raise NotImplementedError


class Spinner(StatusLine):
    """A turning wheel, a description of the wait, and its duration."""

    def __init__(self, stream: TextIO, description: str, *, enabled: bool) -> None:
        super().__init__(stream, enabled=enabled)
        self._description = description

    def update(self, description: str) -> None:
        """Set the description."""
        self._description = description

    def _line(self, console: Console, width: int) -> Text:
        from rich.text import Text

        elapsed = time.monotonic() - self._started
        wheel = "|/-\\" if console.options.ascii_only else "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
        turn = wheel[int(elapsed / TICK) % len(wheel)]
        return Text.assemble((turn, "cyan"), f" {self._description} ", (clock(elapsed), "dim"))


def clock(seconds: float) -> str:
    """Return "0:05", "12:00", "1:02:03"."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
