"""Keeping the log lines of native code (TensorFlow, absl, LiteRT) off the terminal.

C++ code writes them to file descriptor 2 regardless of any Python setting. The only way to suppress them is to
redirect the descriptor while that code starts up.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator

_lock = threading.RLock()
_messages: int | None = None


def keep_messages(descriptor: int) -> None:
    """Note the descriptor that this program prints its messages to in place of 2.

    For a program to call that owns the process. From here on, descriptor 2 may be redirected: see `discard`.
    """
    global _messages  # noqa: PLW0603 - one process, one descriptor 2
    _messages = descriptor


def discard() -> None:
    """Discard what native code writes to descriptor 2 from here on. Does nothing before `keep_messages`.

    Decoders print a line there for each thing that they find wrong with a file.
    """
    if _messages is not None:
        with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), 2)


def standard_descriptor(number: int) -> int:
    """Return the descriptor with what was open as `number` when the process began."""
    return _messages if number == 2 and _messages is not None else number


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Discard everything written to file descriptor 2 during a `with` block.

    Does nothing if the package's logger is set to DEBUG, as by -vv.

    The descriptor belongs to the whole process: one thread at a time may redirect it, and what other threads write
    to it meanwhile is lost too. The command writes through a duplicate of the descriptor for this reason.
    """
    if logging.getLogger("mobilenet_cli").isEnabledFor(logging.DEBUG):
        yield
        return
    with _lock:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            saved = os.dup(2)
        except OSError:  # there is no descriptor 2
            yield
            return
        try:
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path to work on
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
