"""Engines: float32 [N, H, W, 3] in [0, 1] → float32 [N, classes]."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Session = Callable[[NDArray[np.float32]], NDArray[np.float32]]
else:
    Session = Callable[[Any], Any]

EngineName = Literal["auto", "litert", "tensorflow"]


class Engine(Protocol):
    """A loaded model that makes sessions: callables that one thread at a time may use.

    Attributes:
        batch_size: How many images a call of a session should get to be efficient.
    """

    batch_size: int

    def session(self) -> Session:
        """Return a callable from float32 [N, H, W, 3] in [0, 1] to float32 [N, classes], for one thread."""
        ...
