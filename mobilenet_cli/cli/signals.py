"""Signals that end a run: as Ctrl-C does, its blocks are left in order, and its finished rows stay."""

from __future__ import annotations

import signal
from typing import NoReturn


class Terminated(BaseException):
    """SIGTERM or SIGHUP came.

    It is no KeyboardInterrupt: where Ctrl-C ends a training early and keeps what it has reached so far, whoever sends
    these signals expects the process to end now.

    Attributes:
        number: The signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def handle() -> None:
    """Turn SIGINT into KeyboardInterrupt, and SIGTERM and SIGHUP into Terminated, in the main thread.

    A signal that is ignored (SIGHUP under `nohup`) stays so. As process 1 of a container, the process would not
    get signals that it does not handle.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _terminate)


def _terminate(number: int, frame: object) -> NoReturn:
    raise Terminated(number)
