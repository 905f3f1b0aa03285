"""Engines: float32 [N, H, W, 3] in [0, 1] → float32 [N, classes].

ENGINES is the table of them. An engine is a module here with a function
`open_engine(path, image_size, taken, precision)` and a function `version()`, a row of the table, and its name in
EngineName.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.errors import InputError
from mobilenet_cli.machine.extras import has_tensorflow, install_command, without_tensorflow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Session = Callable[[NDArray[np.float32]], NDArray[np.float32]]
else:
    Session = Callable[[Any], Any]

EngineName = Literal["auto", "litert", "openvino", "tensorflow"]


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
        precisions: Those at which it runs a network.
        extra: The extra of this package that installs it, which is called as the package that it imports; "" where
            it is always there or, as TensorFlow is, a part of the whole package.
        gpus: How many GPUs one worker of a cluster takes for it.
    """

    title: str
    opens: Literal["compiled", "saved_model"]
    module: str
    precisions: tuple[Precision, ...] = (DEFAULT,)
    extra: str = ""
    gpus: int = 0

    def open(self, path: Path, image_size: int, taken: Input | None = None, precision: Precision = DEFAULT) -> Engine:
        """Load a network.

        Args:
            path: The compiled file, or the SavedModel's folder.
            image_size: The side in pixels of the square images that it will get.
            taken: The numbers that the file takes; None: float32 from 0 to 1, or bytes where it takes integers.
            precision: The type of the numbers that it multiplies, one of `precisions`.

        Raises:
            ModelError: It cannot be loaded.
        """
        engine: Engine = import_module(f"{__name__}.{self.module}").open_engine(path, image_size, taken, precision)
        return engine

    def version(self) -> str:
        """Return its name and version, for what depends on them."""
        version: str = import_module(f"{__name__}.{self.module}").version()
        return version

    def check_installed(self) -> None:
        """Raise an InputError that gives the command to install the engine, if it is not installed."""
        if self.extra and find_spec(self.extra) is None:
            raise InputError(f"{self.title} is not installed: {install_command(self.extra)}")
        if self.opens == "saved_model" and not has_tensorflow():
            raise InputError(str(without_tensorflow("this engine")))


ENGINES: dict[EngineName, EngineEntry] = {
    "litert": EngineEntry("LiteRT", opens="compiled", module="litert", precisions=(DEFAULT, "int8")),
    "openvino": EngineEntry(
        "OpenVINO", opens="compiled", module="openvino", precisions=(DEFAULT, "bfloat16"), extra="openvino"
    ),
    "tensorflow": EngineEntry("TensorFlow", opens="saved_model", module="savedmodel"),
}
"""The engines. "auto" is the first one that opens compiled files and runs the precision or, where a network does not
compile, the first one that opens SavedModels."""

COMPILED = next(name for name, engine in ENGINES.items() if engine.opens == "compiled")
REFERENCE = next(name for name, engine in ENGINES.items() if engine.opens == "saved_model")


def opens_compiled(name: EngineName) -> bool:
    """Return whether an engine opens compiled files, as "auto" does at first."""
    return name == "auto" or ENGINES[name].opens == "compiled"


def engine_for(name: EngineName, precision: Precision) -> EngineName:
    """Return the engine that runs a precision: the one that is named, or the one that "auto" chooses at first.

    Raises:
        InputError: The named engine does not run it.
    """
    running = [each for each, engine in ENGINES.items() if precision in engine.precisions]
    chosen = running[0] if name == "auto" else name
    if chosen not in running:
        titles = " and ".join(ENGINES[each].title for each in running) + (" does" if len(running) == 1 else " do")
        raise InputError(f"{ENGINES[chosen].title} does not run {precision}: {titles}; leave --engine out")
    return chosen


def open_compiled(file: Path, image_size: int) -> Engine:
    """Load a compiled file in the engine that "auto" chooses.

    Raises:
        ModelError: It cannot be loaded.
    """
    return ENGINES[COMPILED].open(file, image_size)
