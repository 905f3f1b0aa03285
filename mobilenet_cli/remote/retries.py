"""Retrying after failures that may pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mobilenet_cli.errors import ImageError
from mobilenet_cli.remote.patience import Patience, silence_seconds

_Found = TypeVar("_Found")

TRIES = 3
PAUSES = (0.5, 2.0)
"""Seconds to wait before the second and the third try."""


def attempt(action: Callable[[], _Found], patience: Patience, tries: int) -> _Found:
    """Return the result of `action`, which is tried up to `tries` times while its failures may pass.

    Raises:
        ImageError: It failed for good, or `patience` ended. The message is one line.
    """
    from mobilenet_cli.remote.failures import failure_of

    for number in range(tries):
        patience.renew()
        try:
            patience.check()
            return action()
        except ImageError:
            raise
        except Exception as error:
            failure = failure_of(error)
            if not failure.passing or number == tries - 1:
                raise ImageError(failure.reason) from error
            pause = max(PAUSES[min(number, len(PAUSES) - 1)], min(failure.wait, silence_seconds()))
        patience.stopped.wait(pause)
    raise AssertionError("the last try returns or raises")
