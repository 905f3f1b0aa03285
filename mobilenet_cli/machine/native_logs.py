"""Keeping the log lines of native code (TensorFlow, absl, LiteRT) off the user's terminal.

They are written to file descriptor 2 by C++ code, before and beside any Python setting: the only way to
hold them back is to point the descriptor elsewhere while that code starts up.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator

_lock = threading.RLock()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Discard everything written to file descriptor 2 for the length of a `with` block.

    Does nothing where the package's logger is set to DEBUG (the command's -vv): then nothing is discarded.
    One thread at a time: the descriptor belongs to the whole process. What another thread writes to it meanwhile
    is lost too, so the command writes through a duplicate of the descriptor.
    """
    if logging.getLogger("mobilenet_cli").isEnabledFor(logging.DEBUG):
        yield
        return
    with _lock:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            saved = os.dup(2)
        except OSError:  # there is no descriptor 2, so nothing to discard
            yield
            return
        try:
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path to work on
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
