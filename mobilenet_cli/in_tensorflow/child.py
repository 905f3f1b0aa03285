"""The program of the TensorFlow process: it makes the calls that `process` asks for.

It ends when its standard input closes, in the middle of a call too, so that it never outlives its parent.
"""

from __future__ import annotations

import errno
import logging
import os
import pickle
import queue
import sys
import threading

from mobilenet_cli.errors import MnclassifyError, ModelError, ProcessError
from mobilenet_cli.in_tensorflow import channel
from mobilenet_cli.machine.extras import has_tensorflow, without_tensorflow
from mobilenet_cli.machine.home import cannot_write

_logger = logging.getLogger(__name__)
_DISK_FULL = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]


def serve() -> None:
    """Make calls until standard input closes."""
    channel.open_to_parent()
    if "--verbose" in sys.argv:
        logging.basicConfig(level=logging.DEBUG)
    calls: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_read, args=(calls,), daemon=True).start()
    while (data := calls.get()) is not None:
        answer = _made(pickle.loads(data))  # noqa: S301 - see `channel`; in this thread, as it imports modules
        calls.task_done()  # before the answer, after which the parent may close the pipe
        channel.answer(answer)


def _read(calls: queue.Queue[bytes | None]) -> None:
    """Queue the calls as they come, and end this process when the parent has gone."""
    with open(0, "rb", closefd=False) as stream:
        while (data := channel.receive_bytes(stream)) is not None:
            calls.put(data)
    if calls.unfinished_tasks:
        os._exit(1)  # nobody waits for the answer, and another process may be at the same work soon
    calls.put(None)


def _made(call: channel.Call) -> channel.Returned | channel.Raised:
    try:
        if call.limits is not None:
            from mobilenet_cli.in_tensorflow.limits import confine

            confine(call.limits)
        return channel.Returned(call.function(*call.args, **call.kwargs))
    except Exception as error:  # also a bug, or memory or disk running out in the middle of TensorFlow
        level = logging.DEBUG if isinstance(error, MnclassifyError) else logging.ERROR
        name = f"{call.function.__module__}.{call.function.__qualname__}"
        _logger.log(level, "%s failed", name, exc_info=True)
        own = _own_error(error)
        return channel.Raised(type(own), str(own))


def _own_error(error: Exception) -> MnclassifyError:
    """Return the error of this package that the parent is to raise."""
    cause: BaseException | None = error
    while cause is not None:
        # By its words: TensorFlow's own errors have no number.
        for words in _DISK_FULL:
            if words in str(cause):
                return cannot_write(words)
        if isinstance(cause, MemoryError):
            return ProcessError("the TensorFlow process ran out of memory")
        if isinstance(cause, ModuleNotFoundError) and not has_tensorflow():
            return without_tensorflow("preparing this model", may_be_copied=True)
        cause = cause.__cause__
    return error if isinstance(error, MnclassifyError) else ModelError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    try:
        serve()
    except KeyboardInterrupt:
        os._exit(130)  # the reading thread holds its file, which an ordinary exit would wait for
