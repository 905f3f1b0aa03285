"""LiteRT: a compiled model, run by one single-threaded interpreter a worker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines import Session
from mobilenet_cli.errors import ModelError
from mobilenet_cli.native_logs import silenced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LiteRTEngine:
    """A .tflite file, opened anew by each session; the file's pages are shared, since LiteRT maps it.

    Several images a call are a little faster than one (about a tenth for MobileNet V1 1.0/128), more than
    four bring nothing and cost memory: hence the batch size.
    """

    name = "litert"
    batch_size = 4

    def __init__(self, compiled: Path) -> None:
        self._compiled = compiled

    def session(self) -> Session:
        """Open the file and return a callable for one thread.

        Raises:
            ModelError: LiteRT cannot read the file, or it has more than one input or output.
        """
        return _LiteRTSession(self._compiled)


class _LiteRTSession:
    def __init__(self, compiled: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            with silenced():
                self._interpreter = Interpreter(str(compiled), num_threads=1)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError, OSError) as error:
            raise ModelError(f"LiteRT cannot run {compiled}: {error}") from error
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                f"{compiled} has {len(inputs)} inputs and {len(outputs)} outputs; an image classifier has one of each"
            )
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._shape = tuple(inputs[0]["shape"])

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        if batch.shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, batch.shape)
            with silenced():
                self._interpreter.allocate_tensors()
            self._shape = batch.shape
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        logits: NDArray[np.float32] = self._interpreter.get_tensor(self._output)
        return logits
