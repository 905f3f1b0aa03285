"""TensorFlow in a process of its own, for the few moments that need it.

Building and compiling a model takes 700 MB and 4 s of imports, writes to file descriptor 2 from C++, and
`tensorflow_hub` downloads without a time-out. A child process gives the memory back, keeps the noise, and
can be killed. It reads one request a line on its standard input and ends when that closes, in the middle of
a call too, so that it outlives nobody; it answers on its standard output.

    {"call": "module:function", "arguments": {…}}  →  {"progress": [text, done, total]} or {"note": text} …, then
                                                       {"result": …} or {"error": text, "kind": class}

Ctrl-C in a terminal reaches this process and its child alike. It ends the child, except while that runs a
function that handles SIGINT itself, whose caller is in `interruptible`.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from mobilenet_cli.errors import MnclassifyError, ModelError, OutputError, ProcessError, StoreError
from mobilenet_cli.machine.home import cannot_write
from mobilenet_cli.progress import Note, Progress

_logger = logging.getLogger(__name__)
_DISK_FULL = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]
_ERRORS: dict[str, type[MnclassifyError]] = {kind.__name__: kind for kind in (StoreError, ProcessError, OutputError)}


class TensorFlowProcess:
    """A context manager: the child starts at the first call and ends with the block.

    Args:
        progress: Called with the progress that the child's functions report.
        note: Told what they note.
        shielded: Keep a terminal's Ctrl-C from the child, for an owner who goes on after it.
    """

    def __init__(self, progress: Progress, note: Note = lambda text: None, *, shielded: bool = False) -> None:
        self._progress, self._note = progress, note
        self._shielded = shielded
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            if error is not None:
                self._process.kill()
            # Closing the pipes ends the child; one that has died already has left them broken.
            with contextlib.suppress(BrokenPipeError), self._process:
                pass
            self._process.wait()
        if self._errors is not None:
            self._errors.close()

    def call(self, function: str, **arguments: Any) -> Any:
        """Call "module:function" in the child; arguments and result are JSON.

        `module` is one of `mobilenet_cli.models`, or a full name that begins with "mobilenet_cli.".

        Raises:
            StoreError: The disk is full.
            ProcessError: The child died, or has no memory left.
            OutputError: The function raised it.
            ModelError: The function raised another error.
        """
        process = self._started()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - for the type checker
        try:
            process.stdin.write(json.dumps({"call": function, "arguments": arguments}) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                message = json.loads(line)
                if "progress" in message:
                    self._progress(*message["progress"])
                elif "note" in message:
                    self._note(message["note"])
                elif "error" in message:
                    raise _ERRORS.get(message["kind"], ModelError)(message["error"])
                else:
                    return message["result"]
        except BrokenPipeError:
            pass
        raise ProcessError(f"the TensorFlow process ended early ({self._last_words(process)}); -vv shows more")

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Leave the first SIGINT in this block to the child, which is to end its call early; the next is ours.

        The signal is passed on, since one that `kill` sends reaches this process alone.

        Raises:
            KeyboardInterrupt: At the second SIGINT, or where the first one ended the child.
        """
        received = False

        def receive(number: int, frame: object) -> None:
            nonlocal received
            if received or self._process is None:
                raise KeyboardInterrupt
            received = True
            self._process.send_signal(number)

        if threading.current_thread() is not threading.main_thread():  # others get no signals
            yield
            return
        previous = signal.signal(signal.SIGINT, receive)
        try:
            yield
        except ProcessError:
            if received:
                raise KeyboardInterrupt from None
            raise
        finally:
            signal.signal(signal.SIGINT, previous)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            verbose = _logger.isEnabledFor(logging.DEBUG)
            if not verbose:
                self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed by __exit__
            package = str(Path(__file__).resolve().parents[2])
            paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
            self._process = subprocess.Popen(
                # -P: a tensorflow.py in the user's working folder is none of our business
                [sys.executable, "-P", "-m", __name__, *(["--verbose"] if verbose else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                encoding="utf-8",
                process_group=0 if self._shielded else None,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            )
        return self._process

    def _last_words(self, process: subprocess.Popen[str]) -> str:
        code = process.wait()
        if code < 0:
            return f"killed by signal {-code}" + (", out of memory?" if code == -9 else "")
        if self._errors is None:
            return f"exit code {code}"
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors if line.strip()]
        return lines[-1] if lines else f"exit code {code}"


def report_progress(text: str, done: int | None = None, total: int | None = None) -> None:
    """Tell the parent what is going on; for functions that run in the child."""
    _answer({"progress": [text, done, total]})


def send_note(text: str) -> None:
    """Tell the parent what is to be seen when all is over; for functions that run in the child."""
    _answer({"note": text})


def _answer(message: dict[str, Any]) -> None:
    os.write(_answers, (json.dumps(message) + "\n").encode())


_answers = 1  # the descriptor that answers go to


def _serve() -> None:
    """Answer requests until standard input closes."""
    global _answers  # noqa: PLW0603 - one process, one channel
    # What else prints to standard output must not end up between the answers.
    _answers = os.dup(1)
    os.dup2(2, 1)
    if "--verbose" in sys.argv:
        logging.basicConfig(level=logging.DEBUG)
    requests: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    while line := requests.get():
        answer = _answer_to(json.loads(line))
        requests.task_done()  # before the answer, after which the parent may close the pipe
        _answer(answer)


def _read(requests: queue.Queue[str | None]) -> None:
    """Put what the parent asks for into the queue, and end this process when the parent has gone."""
    with open(0, encoding="utf-8", closefd=False) as lines:
        for line in lines:
            requests.put(line)
    if requests.unfinished_tasks:
        os._exit(1)  # nobody waits for the answer, and another process may be at the same work soon
    requests.put(None)


def _answer_to(request: dict[str, Any]) -> dict[str, Any]:
    module, _, name = request["call"].partition(":")
    full_name = module if module.startswith("mobilenet_cli.") else f"mobilenet_cli.models.{module}"
    function = getattr(importlib.import_module(full_name), name)
    try:
        return {"result": function(**request["arguments"])}
    except Exception as error:  # also a bug, or memory or disk running out in the middle of TensorFlow
        is_expected = isinstance(error, MnclassifyError)
        _logger.log(logging.DEBUG if is_expected else logging.ERROR, "%s failed", request["call"], exc_info=True)
        told = _told(error)
        return {"error": str(told), "kind": type(told).__name__}


def _told(error: Exception) -> MnclassifyError:
    """Return what the parent is told: an error of this package."""
    cause: BaseException | None = error
    while cause is not None:
        # By its words: TensorFlow's own errors have no number.
        for words in _DISK_FULL:
            if words in str(cause):
                return cannot_write(words)
        if isinstance(cause, MemoryError):
            return ProcessError("the TensorFlow process ran out of memory")
        cause = cause.__cause__
    return error if isinstance(error, MnclassifyError) else ModelError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    # Functions that report progress import this module by its name: let that be this very module.
    sys.modules["mobilenet_cli.in_tensorflow.process"] = sys.modules["__main__"]
    try:
        _serve()
    except KeyboardInterrupt:
        os._exit(130)  # the reading thread holds its file, which an ordinary exit would wait for
