"""The callbacks by which long work shows its progress, and leaves notes for when it is over."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int | None, int | None], None]
"""Called as work proceeds: the stage in words, how much is done, of how much (bytes, images, steps; None: unknown)."""
Note = Callable[[str], None]
"""Called with a line of text that a person should still see when the work is over."""
