"""TensorFlow in a process of its own, for the few moments that need it.

Building and compiling a model takes 700 MB and 4 s of imports, writes to file descriptor 2 from C++, and
`tensorflow_hub` downloads without a time-out. A child process gives the memory back, keeps the noise, and
can be killed. `child` is its program, `channel` has the messages that go to it and come back.

A call is a function of a module and its arguments:

    with TensorFlowProcess(progress) as process:
        made = process.call(compile_model, saved_model, folder, ".tflite", None, 128)

The function's module is imported here too, so it imports TensorFlow inside the function, or in a module that the
function imports. Arguments and result are plain values, Paths, and frozen dataclasses of this package.

Ctrl-C in a terminal reaches this process and its child alike. It ends the child, except while that runs a
function that handles SIGINT itself, whose caller is in `interruptible`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, ParamSpec, Self, TypeVar

from mobilenet_cli.errors import ModelError, NoTensorFlowError, OutputError, ProcessError, StoreError
from mobilenet_cli.progress import Note, Progress

if TYPE_CHECKING:
    import subprocess

    from mobilenet_cli.in_tensorflow.limits import Limits

_logger = logging.getLogger(__name__)
_KEPT = (StoreError, NoTensorFlowError, ProcessError, OutputError)
"""The kinds of errors that a function's caller tells apart; all others are a ModelError."""
_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


class TensorFlowProcess:
    """A context manager: the child starts at the first call and ends with the block.

    Args:
        progress: Called with the progress of the child's functions.
        note: Called with their notes.
        shielded: Keep a terminal's Ctrl-C from the child, for an owner who outlives it.
    """

    def __init__(self, progress: Progress, note: Note = lambda text: None, *, shielded: bool = False) -> None:
        self._progress, self._note = progress, note
        self._shielded = shielded
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[str] | None = None
        self._limits: Limits | None = None
        self._taken: Limits | None = None  # by the child that runs
        self._timed_out = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end(killed=error is not None)

    def _end(self, *, killed: bool) -> None:
        if self._process is not None:
            if killed:
                self._process.kill()
            # Closing the pipes ends the child; one that has died already has left them broken.
            with contextlib.suppress(BrokenPipeError), self._process:
                pass
            self._process.wait()
        if self._errors is not None:
            self._errors.close()
        self._process = self._errors = self._taken = None

    @contextlib.contextmanager
    def within(self, limits: Limits) -> Iterator[None]:
        """Make the calls in this block within limits: each takes so long at most, without the internet.

        A call after the block starts another child, since limits are taken for good.
        """
        before, self._limits = self._limits, limits
        try:
            yield
        finally:
            self._limits = before

    def call(
        self,
        function: Callable[_Parameters, _Result],
        *args: _Parameters.args,
        **kwargs: _Parameters.kwargs,
    ) -> _Result:
        """Call a function in the child and return its result.

        Raises:
            StoreError: The disk is full.
            ProcessError: The child died, or has no memory left.
            NoTensorFlowError: The function imports TensorFlow, which is not installed.
            OutputError: The function raised it.
            ModelError: The function raised another error, or took longer than its limits allow.
        """
        from mobilenet_cli.in_tensorflow import channel

        if self._taken not in (None, self._limits):
            self._end(killed=False)
        process = self._started()
        self._taken = self._limits
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - for the type checker
        with contextlib.suppress(BrokenPipeError):
            channel.send(process.stdin, channel.Call(function, args, kwargs, self._limits))
        with self._killed_in_time(process):
            while (message := channel.receive(process.stdout)) is not None:
                match message:
                    case channel.Advanced(text, done, total):
                        self._progress(text, done, total)
                    case channel.Noted(text):
                        self._note(text)
                    case channel.Raised(kind, text):
                        raise (kind if kind in _KEPT else ModelError)(text)
                    case channel.Returned(result):
                        returned: _Result = result
                        return returned
        raise self._early_end(process)

    @contextlib.contextmanager
    def _killed_in_time(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Kill the child where this block takes longer than the limits allow."""
        if self._limits is None:
            yield
            return

        def kill() -> None:
            self._timed_out = True
            process.kill()

        timer = threading.Timer(self._limits.time_limit, kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _early_end(self, process: subprocess.Popen[bytes]) -> ModelError:
        """Return the error for a child that ended before its answer. The next call starts another one."""
        words, limits = self._last_words(process), self._limits
        self._end(killed=True)
        if self._timed_out and limits is not None:
            self._timed_out = False
            return ModelError(
                f"it was stopped after {limits.time_limit:g} s without an end; MNCLASSIFY_MODEL_SECONDS sets another "
                "limit"
            )
        return ProcessError(f"the TensorFlow process ended early ({words}); -vv shows more")

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Leave the first SIGINT in this block to the child, which is to end its call early; the next is ours.

        The signal is passed on, since one that `kill` sends reaches this process alone.

        Raises:
            KeyboardInterrupt: At the second SIGINT, or where the first one ended the child.
        """
        import signal

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

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            import subprocess
            import tempfile

            verbose = _logger.isEnabledFor(logging.DEBUG)
            if not verbose:
                self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed by __exit__
            package = str(Path(__file__).resolve().parents[2])
            child = f"{__package__}.child"
            paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
            self._process = subprocess.Popen(
                # -P: a tensorflow.py in the user's working folder is none of our business
                [sys.executable, "-P", "-m", child, *(["--verbose"] if verbose else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                process_group=0 if self._shielded else None,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            )
        return self._process

    def _last_words(self, process: subprocess.Popen[bytes]) -> str:
        code = process.wait()
        if code < 0:
            return f"killed by signal {-code}" + (", out of memory?" if code == -9 else "")
        if self._errors is None:
            return f"exit code {code}"
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors if line.strip()]
        return lines[-1] if lines else f"exit code {code}"
