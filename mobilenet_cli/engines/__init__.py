"""Engines: float32 [N, H, W, 3] in [0, 1] → float32 [N, classes].

ENGINES is the table of them. An engine is a module here with a function `open_engine(path, image_size, taken)`, a row
of the table, and its name in EngineName.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mobilenet_cli.engines.network_input import Input

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


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """A row of the table of engines.

    Attributes:
        title: Its name in messages.
        opens: Which of a network's files it opens: the compiled one, or the SavedModel.
        module: Its module in this package, which is imported when it is first opened.
    """

    title: str
    opens: Literal["compiled", "saved_model"]
    module: str

    def open(self, path: Path, image_size: int, taken: Input | None = None) -> Engine:
        """Load a network.

        Args:
            path: The compiled file, or the SavedModel's folder.
            image_size: The side in pixels of the square images that it will get.
            taken: The numbers that the file takes; None: float32 from 0 to 1, or bytes where it takes integers.

        Raises:
            ModelError: It cannot be loaded.
        """
        engine: Engine = import_module(f"{__name__}.{self.module}").open_engine(path, image_size, taken)
        return engine


ENGINES: dict[EngineName, EngineEntry] = {
    "litert": EngineEntry("LiteRT", opens="compiled", module="litert"),
    "tensorflow": EngineEntry("TensorFlow", opens="saved_model", module="savedmodel"),
}
"""The engines. "auto" is the first one that opens compiled files or, where a network does not compile, the first
one that opens SavedModels."""

COMPILED = next(name for name, engine in ENGINES.items() if engine.opens == "compiled")
REFERENCE = next(name for name, engine in ENGINES.items() if engine.opens == "saved_model")


def opens_compiled(name: EngineName) -> bool:
    """Return whether an engine opens compiled files, as "auto" does at first."""
    return name == "auto" or ENGINES[name].opens == "compiled"


def open_compiled(file: Path, image_size: int) -> Engine:
    """Load a compiled file in the engine that "auto" chooses.

    Raises:
        ModelError: It cannot be loaded.
    """
    return ENGINES[COMPILED].open(file, image_size)
