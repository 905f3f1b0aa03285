"""Work that is done in a thread while other work goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_Value = TypeVar("_Value")


def in_background(work: Callable[[], _Value]) -> Future[_Value]:
    """Start `work` in a thread that does not keep the program from ending, and return a Future of its result."""
    future: Future[_Value] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # of any kind: whoever waits for the result gets it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
