"""How much is downloaded and unpacked for a model, and how slowly."""

from __future__ import annotations

import os
import time

from mobilenet_cli.errors import ModelError

VARIABLE = "MNCLASSIFY_MAX_MODEL_BYTES"
"""The environment variable with the most bytes that a model may have, packed or unpacked."""
_MOST_BYTES = 1 << 31
_MOST_FILES = 10_000

WINDOW_SECONDS = 60.0
LEAST_BYTES = 1 << 19
"""The least that comes in a window of WINDOW_SECONDS, unless the download ends in it: 8.5 KiB/s."""


def most_bytes() -> int:
    """Return the most bytes that a model may have.

    Raises:
        ModelError: The user has set no whole number above 0.
    """
    text = os.environ.get(VARIABLE, "")
    if text and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ModelError(f"{VARIABLE} is a number of bytes above 0, not {text!r}")
    return int(text) if text else _MOST_BYTES


def check_bytes(count: int) -> None:
    """Raise a ModelError at more bytes than a model may have."""
    if count > (most := most_bytes()):
        raise ModelError(f"it has more than {most:,} bytes; {VARIABLE} sets another limit")


def check_files(count: int) -> None:
    """Raise a ModelError at more files than a model may have."""
    if count > _MOST_FILES:
        raise ModelError(f"it has more than {_MOST_FILES:,} files")


class Pace:
    """Ends a download of which too little comes: a server that sends a byte now and then holds it up for ever."""

    def __init__(self) -> None:
        """Start the first window."""
        self._start, self._done = time.monotonic(), 0

    def came(self, count: int) -> None:
        """Count bytes.

        Raises:
            ModelError: Too few came in the last window.
        """
        self._done += count
        if (passed := time.monotonic() - self._start) >= WINDOW_SECONDS:
            if self._done < LEAST_BYTES * passed / WINDOW_SECONDS:
                raise ModelError(f"it is too slow: {self._done:,} bytes in {passed:.0f} s")
            self._start, self._done = time.monotonic(), 0
