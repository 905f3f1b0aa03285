"""The messages between the program and its TensorFlow process: pickled, each after its length in eight bytes.

They are pickled so that functions, Paths and frozen dataclasses arrive as what the type checker says they are. That
is safe here: both ends are this package, run by one user in one Python, and nobody else holds the pipes. Nothing
foreign crosses: what servers and model files contain stays in the child, and records of this package come back.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from mobilenet_cli.errors import MnclassifyError

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.limits import Limits

_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Call:
    """To the child: call a function of a module. It is sent as the module's name and its own.

    Attributes:
        function: The function.
        args: Its arguments by place.
        kwargs: Its arguments by name.
        limits: Those that the child is to take for good before it makes the call; None: none.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """From the child, during a call: its progress; see progress.Progress."""

    text: str
    done: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Noted:
    """From the child, during a call: a line of text to be seen when all is over."""

    text: str


@dataclass(frozen=True, slots=True)
class Returned:
    """From the child: the end of a call that returned."""

    result: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """From the child: the end of a call that raised an error."""

    kind: type[MnclassifyError]
    text: str


def send(stream: IO[bytes], message: object) -> None:
    """Write one message; from any thread.

    Raises:
        BrokenPipeError: The other process has ended.
    """
    data = pickle.dumps(message)
    stream.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
    stream.flush()


def receive_bytes(stream: IO[bytes]) -> bytes | None:
    """Wait for one message, and return it as it was pickled; None where the other process closed the pipe."""
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "big")
    data = stream.read(length)
    return data if data and len(data) == length else None


def receive(stream: IO[bytes]) -> object | None:
    """Wait for one message, and return it; None where the other process closed the pipe."""
    data = receive_bytes(stream)
    return None if data is None else pickle.loads(data)  # noqa: S301 - see the module's docstring


_to_parent: IO[bytes] | None = None


def open_to_parent() -> None:
    """In the child: keep standard output for messages. What else is printed goes to standard error from here on."""
    global _to_parent  # noqa: PLW0603 - one process, one channel
    _to_parent = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)


def answer(message: Advanced | Noted | Returned | Raised) -> None:
    """In the child: send a message to the parent. Does nothing in any other process."""
    if _to_parent is not None:
        send(_to_parent, message)


def report_progress(text: str, done: int | None = None, total: int | None = None) -> None:
    """In the child: call the parent's Progress."""
    answer(Advanced(text, done, total))


def send_note(text: str) -> None:
    """In the child: call the parent's Note."""
    answer(Noted(text))
