"""Lines of text for people: their width, colours and folding, and the bar of a score. The tables are made of them.

The lines are put together here and not by `rich.table.Table`, which takes longer for an image (2.7 ms) than
classifying it does; rich measures and folds text, and chooses the terminal's colours.
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

GAP = "  "
SCORE_WIDTH = len("100.0%")
LABEL_WIDTH = len("American Staffordshire terrier")  # the longest of ImageNet's
UNSURE, UNSURE_SCORE = "not sure", "–"
NARROWEST = 20
"""Columns below which folding would leave nothing to read; the terminal wraps the lines instead."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_STYLES = ("bold", "dim", "cyan", "red", "yellow")


class Lines:
    """Styles and folds text for a stream: in colour on a terminal that has colours (rich heeds NO_COLOR, TERM).

    Attributes:
        fold: Whether lines end at the terminal's width; elsewhere a text stays on one line, so that grep finds it.
        width: The width of a line in cells: the terminal's, or 80.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.fold = stream.isatty()
        self.width = max(_line_width(stream), NARROWEST)
        self._console = Console(file=io.StringIO(), force_terminal=True if self.fold else None, width=self.width)
        self._codes = {style: self._codes_of(style) for style in _STYLES}

    def styled(self, text: str, style: str) -> str:
        """Return the text with what turns one of rich's styles on and off around it."""
        before, after = self._codes[style]
        return f"{before}{text}{after}"

    def folded(self, text: str, width: int, style: str | None = None) -> list[str]:
        """Return the text as lines of at most `width` cells, folded between words; as one line where none are."""
        whole = not self.fold or cell_len(text) <= width
        lines = [text] if whole else [line.plain.rstrip() for line in Text(text).wrap(self._console, max(width, 1))]
        return lines if style is None else [self.styled(line, style) for line in lines]

    def chopped(self, text: str, width: int) -> list[str]:
        """Return a name as lines of at most `width` cells, wherever they end; as one line where none are folded."""
        return chop_cells(text, width) if self.fold and cell_len(text) > width else [text]

    def _codes_of(self, style: str) -> tuple[str, str]:
        """Return what rich writes before and after text of this style: "" where it writes plain text."""
        with self._console.capture() as written:
            self._console.print(Text("X", style), end="")
        before, _, after = written.get().partition("X")
        return before, after


def bar(fraction: float, width: int) -> str:
    """Return a bar `width` cells wide, of which a fraction is filled, in steps of an eighth of a cell."""
    full, eighths = divmod(round(fraction * width * 8), 8)
    return (_EIGHTHS[-1] * full + _EIGHTHS[eighths][:eighths]).ljust(width)


def bar_width(total: int) -> int:
    """Return how wide bars are in a line of `total` cells; 0 where there is no room for them."""
    return min((total - 56) // 4, 20) if total >= 72 else 0


def _line_width(stream: BinaryIO) -> int:
    if (columns := os.environ.get("COLUMNS", "")).isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:  # not a terminal, or not even a file
        return 80
