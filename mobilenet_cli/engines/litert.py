"""LiteRT: a compiled model, run by one single-threaded interpreter a worker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines import Engine, Session
from mobilenet_cli.engines.batches import as_taken, flat, is_planar, one_by_one
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def open_engine(path: Path, image_size: int, taken: Input | None = None, precision: Precision = DEFAULT) -> Engine:
    """Return the engine of a compiled file, which knows its image size itself; see EngineEntry.open."""
    return LiteRTEngine(path, taken)


def version() -> str:
    """Return the name and the version of the engine, which is not loaded yet."""
    import ai_edge_litert

    return f"LiteRT {ai_edge_litert.__version__}"


class LiteRTEngine:
    """A .tflite file, opened by each session; the file's pages are shared, since LiteRT maps it.

    Several images a call are a little faster than one (about a tenth for MobileNet V1 1.0/128), more than
    four bring nothing and cost memory: hence the batch size.
    """

    batch_size = 4

    def __init__(self, compiled: Path, taken: Input | None = None) -> None:
        """Take a compiled file, and what it takes; None: float32 from 0 to 1, or the bytes of the pixels."""
        self._compiled, self._taken = compiled, taken

    def session(self) -> Session:
        """Open the file and return a callable for one thread.

        Raises:
            ModelError: LiteRT cannot read the file, it has more than one input or output, or one of them has a type
                other than float32, uint8 and int8.
        """
        return _LiteRTSession(self._compiled, self._taken)


class _LiteRTSession:
    def __init__(self, compiled: Path, taken: Input | None) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            with silenced():
                self._interpreter = Interpreter(str(compiled), num_threads=1)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError, OSError, TypeError) as error:  # TypeError: its path is not UTF-8
            raise ModelError(f"LiteRT cannot run {compiled}: {error}") from error
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                f"{compiled} has {counted(len(inputs), 'input')} and {counted(len(outputs), 'output')}; "
                "an image classifier has one of each"
            )
        (self._input,), (self._output,) = inputs, outputs
        for name, details in (("input", self._input), ("output", self._output)):
            if (dtype := details["dtype"].__name__) not in ("float32", "uint8", "int8"):
                raise ModelError(f"{compiled} has an {name} of type {dtype}, not float32, uint8 or int8")
        self._shape = tuple(map(int, self._input["shape"]))
        self._one_by_one = False
        self._taken = taken
        self._is_planar = is_planar(self._shape)

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        batch = as_taken(batch, self._taken, planar=self._is_planar)
        if batch.shape == self._shape or (not self._one_by_one and self._resized(batch.shape)):
            return self._run(batch)
        return one_by_one(self._run, batch)

    def _resized(self, shape: tuple[int, ...]) -> bool:
        """Set the shape of the batch, or return False where the network has one image's written into it."""
        before = self._shape
        try:
            self._resize(shape)
        except (ValueError, RuntimeError) as error:
            if before != (1, *shape[1:]):
                raise ModelError(f"the compiled model takes images of {before}, not of {shape}") from error
            self._resize(before)
            self._one_by_one = True
        return not self._one_by_one

    def _resize(self, shape: tuple[int, ...]) -> None:
        self._interpreter.resize_tensor_input(self._input["index"], shape)
        with silenced():
            self._interpreter.allocate_tensors()
        self._shape = shape

    def _run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            self._interpreter.set_tensor(self._input["index"], self._encoded(batch))
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"LiteRT cannot run the model: {error}") from error
        outputs = flat(self._interpreter.get_tensor(self._output["index"]))
        return _decoded(outputs, self._output["quantization"])

    def _encoded(self, batch: NDArray[np.float32]) -> NDArray[Any]:
        """Return the numbers as the input's type has them: quantised, or as they are."""
        import numpy as np

        dtype = self._input["dtype"]
        if dtype is np.float32:
            return batch
        least, most = (0, 255) if dtype is np.uint8 else (-128, 127)
        if self._taken is None:  # the pixels' bytes (int8: less 128), whatever the quantisation says
            return (np.rint(batch * 255).astype(np.int16) + least).astype(dtype)
        scale, zero_point = self._input["quantization"]
        if not scale:  # not quantised: it takes the numbers themselves, as integers
            scale = 1.0
        encoded: NDArray[Any] = np.clip(np.rint(batch / np.float32(scale)) + zero_point, least, most).astype(dtype)
        return encoded


def _decoded(outputs: NDArray[Any], quantization: tuple[float, int]) -> NDArray[np.float32]:
    import numpy as np

    if outputs.dtype == np.float32:
        return outputs
    scale, zero_point = quantization
    return (outputs.astype(np.float32) - zero_point) * np.float32(scale)
