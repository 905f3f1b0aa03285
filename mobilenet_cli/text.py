r"""Text for readers: foreign text made safe (`valid_utf8` for files, `printable` for people), counts, short reasons.

Whatever comes from outside (file names, servers, archives, manifests, arguments) may hold characters that a terminal
obeys. `printable` makes one such text safe where it is put into a sentence; `printable_lines` is the last gate, which
every message and every unstyled record passes on its way to a terminal.

A file name that is not UTF-8 reaches the program with its bytes as lone surrogates (PEP 383); `valid_utf8` and
`printable` show such a byte as \xff.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

_SURROGATES = re.compile("[\ud800-\udfff]")
# Besides the control characters, those that end a line or turn its direction round (Unicode TR 36, TR 9):
# a name that holds them could rewrite the screen or pose as another.
OBEYED = "\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""The characters beyond ASCII's printable ones and its control characters that a reader must not meet raw, as the
inside of a regular expression's brackets."""

_UNPRINTABLE = re.compile(f"[\x00-\x1f{OBEYED}]")
_UNPRINTABLE_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{OBEYED}]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def valid_utf8(text: str) -> str:
    r"""Return `text` with undecodable bytes shown as \xff, and everything else as it is."""
    return _SURROGATES.sub(_escape, text)


def printable(text: str) -> str:
    r"""Return `text` on one line that a terminal cannot obey: control characters become \n, \x1b, \u202e."""
    return _UNPRINTABLE.sub(_escape, text)


def printable_lines(text: str) -> str:
    r"""Return `text` as `printable` does, except that tabs and the ends of its lines stay."""
    return _UNPRINTABLE_IN_LINES.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def counted(number: int, noun: str) -> str:
    """Return "1 image", "2 images", "3 classes": a number with its noun, in the singular or the plural."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}{plural}"


def enumerated(items: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last


def alike(word: str, names: Iterable[str], share: float) -> str | None:
    """Return the name that a word is most likely a slip of the keyboard for, or None.

    Args:
        word: What was typed.
        names: What could have been meant.
        share: How much of the two must agree; 1 is all of it.
    """
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(names), n=1, cutoff=share)), None)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message that is not blank, or the name of its type if there is none."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def is_same_model(one: str, other: str) -> bool:
    """Return whether two names of models, as records have them, are one model's: `mine/` and `./mine` are."""
    first, second = valid_utf8(one), valid_utf8(other)
    return first == second or os.path.abspath(first) == os.path.abspath(second)  # noqa: PTH100 - follows no links
