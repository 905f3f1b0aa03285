"""OpenVINO: a compiled model in bfloat16 or float32, on processors that multiply bfloat16 faster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines import Engine, Session
from mobilenet_cli.engines.batches import as_taken, flat, is_planar, one_by_one
from mobilenet_cli.engines.check import BOUND, BOUNDS, random_images, relative_difference, relative_rounding
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.passed_checks import has_passed, key_of, note_passed
from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.text import first_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HINTS: dict[Precision, str] = {"float32": "f32", "bfloat16": "bf16"}


def open_engine(path: Path, image_size: int, taken: Input | None = None, precision: Precision = DEFAULT) -> Engine:
    """Load a compiled file, and check its outputs against LiteRT's the first time; see EngineEntry.open."""
    engine = OpenVINOEngine(path, taken, precision)
    key = key_of(path, version(), image_size, taken, precision)
    if not has_passed(key):
        engine.check(image_size)
        note_passed(key)
    return engine


def version() -> str:
    """Return the name and the version of the engine."""
    import openvino

    return f"OpenVINO {openvino.__version__}"


class OpenVINOEngine:
    """A .tflite file, compiled once when it is loaded; its sessions share the weights."""

    batch_size = 4

    def __init__(self, compiled: Path, taken: Input | None = None, precision: Precision = DEFAULT) -> None:
        """Load a compiled file.

        Args:
            compiled: The file.
            taken: What it takes; None: float32 from 0 to 1.
            precision: "float32" or "bfloat16". OpenVINO uses float32 where the processor has no bfloat16.

        Raises:
            ModelError: OpenVINO cannot read it, or it has another type than float32, several inputs or outputs.
        """
        import openvino

        cores = usable_cores()
        try:
            network = openvino.Core().read_model(str(compiled))
            self._compiled: Any = openvino.compile_model(
                network,
                "CPU",
                {
                    "INFERENCE_PRECISION_HINT": _HINTS[precision],
                    # A worker is a stream of one thread. Pinned threads wait where other programs use their core.
                    "NUM_STREAMS": cores,
                    "INFERENCE_NUM_THREADS": cores,
                    "ENABLE_CPU_PINNING": False,
                },
            )
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot run {compiled}: {first_line(error)}") from error
        ends = (*self._compiled.inputs, *self._compiled.outputs)
        if len(ends) != 2 or any(end.get_element_type() != openvino.Type.f32 for end in ends):
            types = ", ".join(end.get_element_type().get_type_name() for end in ends)
            raise ModelError(f"OpenVINO runs networks of one float32 input and output, and {compiled} has {types}")
        shape = [-1 if side.is_dynamic else side.get_length() for side in ends[0].get_partial_shape()]
        self._is_planar, self._one_by_one = is_planar(shape), shape[0] == 1
        self._file, self._taken, self._precision = compiled, taken, precision

    def check(self, image_size: int) -> None:
        """Compare its outputs with LiteRT's float32 ones.

        Raises:
            ModelError: They differ by more than the precision explains.
        """
        images = random_images(image_size)
        actual, expected = self.session()(images), LiteRTEngine(self._file, self._taken).session()(images)
        if self._precision == DEFAULT:
            difference, bound = relative_difference(actual, expected), BOUND
        else:
            difference, bound = relative_rounding(actual, expected), BOUNDS[self._precision]
        if not difference <= bound:
            raise ModelError(
                f"OpenVINO's outputs of {self._file} at {self._precision} differ from LiteRT's by {difference:.2g} "
                f"(at most {bound:g} is rounding)"
            )

    def session(self) -> Session:
        """Return a callable for one thread."""
        return _OpenVINOSession(self._compiled.create_infer_request(), self._taken, self._is_planar, self._one_by_one)


class _OpenVINOSession:
    def __init__(self, request: Any, taken: Input | None, is_planar: bool, one_by_one: bool) -> None:
        self._request, self._taken = request, taken
        self._is_planar, self._one_by_one = is_planar, one_by_one

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        batch = as_taken(batch, self._taken, planar=self._is_planar)
        return one_by_one(self._run, batch) if self._one_by_one else self._run(batch)

    def _run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            self._request.infer([batch], share_inputs=True)
        except RuntimeError as error:
            raise ModelError(f"OpenVINO cannot run the model: {first_line(error)}") from error
        outputs: NDArray[np.float32] = flat(self._request.get_output_tensor().data.copy())
        return outputs
