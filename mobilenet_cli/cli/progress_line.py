"""The status line of a run: a progress bar, counts, the speed and the time left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from mobilenet_cli.cli.status_line import StatusLine, clock

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

RATE_WINDOW = 10.0
"""Seconds over which the speed and the time left are estimated."""
GAP = "  "


class ProgressLine(StatusLine):
    """The number of images done, the total, images/s, failures, and the time left."""

    def __init__(self, stream: TextIO, *, enabled: bool, description: Callable[[], str] | str = "Classifying") -> None:
        super().__init__(stream, enabled=enabled)
        self._description = description
        self._total: int | None = None
        self._done = 0
        self._failed = 0
        self._samples: deque[tuple[float, int]] = deque()

    def advance(self, *, failed: int, done: int = 1) -> None:
        """Count one more image, or several."""
        with self._lock:
            self._done += done
            self._failed += failed

    def set_total(self, total: int) -> None:
        """Set the total number of images, once it is known."""
        with self._lock:
            self._total = total

    def _line(self, console: Console, width: int) -> Text:
        from rich.text import Text

        rate = self._rate()
        # If more images have come than were counted, the total is wrong: omit it.
        total = self._total if self._total is None or self._total >= self._done else None
        count = f"{self._done:,}" if total is None else f"{self._done:,}/{total:,}"
        left = clock((total - self._done) / rate) + " left" if total and rate else ""
        speed = f"{rate:,.0f} images/s" if rate else ""
        failed = f"{self._failed:,} failed" if self._failed else ""
        # Most important first: in a narrow terminal, the last ones are omitted.
        parts = {
            "count": count,
            "failed": failed,
            "left": left,
            "rate": speed,
            "what": self._description if isinstance(self._description, str) else self._description(),
        }
        room = width + len(GAP)  # a gap precedes every part but the first
        for name, text in parts.items():
            room -= len(text) + len(GAP) if text else 0
            if room < 0:
                parts[name] = ""
        bar = self._bar(console, min(room - len(GAP), 40)) if total and room >= 12 else Text()
        styled = (
            (parts["what"], "bold"),
            bar,
            (parts["count"], ""),
            (parts["rate"], "cyan"),
            (parts["failed"], "red"),
            (parts["left"], "dim"),
        )
        pieces = [part if isinstance(part, Text) else Text(*part) for part in styled]
        return Text(GAP).join(piece for piece in pieces if piece)

    def _bar(self, console: Console, width: int) -> Text:
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        bar = ProgressBar(total=self._total, completed=self._done, width=width)
        pieces = ((piece.text, piece.style or "") for piece in console.render(bar))
        return Text.assemble(*pieces)

    def _rate(self) -> float:
        """Return images/s over the last seconds, or 0 before the first measurement."""
        now = time.monotonic()
        if not self._samples:
            self._samples.append((self._started, 0))
        self._samples.append((now, self._done))
        while len(self._samples) > 2 and now - self._samples[0][0] > RATE_WINDOW:
            self._samples.popleft()
        since, before = self._samples[0]
        return (self._done - before) / (now - since) if now > since else 0.0
