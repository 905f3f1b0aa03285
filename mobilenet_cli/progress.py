"""What long work tells of its progress, and what a person should still see when it is over."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, int | None, int | None], None]
"""Told what is going on: a text, and how much is done of how much, where that is known: bytes, images, steps."""
Note = Callable[[str], None]
"""Told what a person should still see when it is over: a line of text."""
