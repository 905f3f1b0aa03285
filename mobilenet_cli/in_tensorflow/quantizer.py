"""A compiled float32 network → int8: weights per channel, activations by their ranges on photographs, biases corrected.

`quantize` is called in the TensorFlow process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines.check import BOUNDS, relative_rounding
from mobilenet_cli.engines.litert import LiteRTEngine, is_planar
from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import ImageError, ModelError
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.in_tensorflow.bias_correction import bias_corrections
from mobilenet_cli.in_tensorflow.layers_of_file import Layer, floats_in, layers_of
from mobilenet_cli.in_tensorflow.sensitivity import makers_of_outputs, most_sensitive
from mobilenet_cli.in_tensorflow.trying import photographs
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.records import Source
from mobilenet_cli.text import first_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_PHOTOGRAPHS = 5
_FEW = 9  # photographs on which layers are compared, which is done many times


@dataclass(frozen=True, slots=True)
class QuantizedNetwork:
    """A network that was quantised.

    Attributes:
        difference: The root mean square of the differences between its outputs and the float32 network's, over the
            deviation of those, on the photographs that it was calibrated on.
        images: How many photographs it was calibrated on.
        in_float: How many layers were left in float32, because they bear int8 least.
    """

    difference: float
    images: int
    in_float: int


def quantize(
    compiled: Path,
    destination: Path,
    taken: Input | None,
    preprocessing: Preprocessing,
    calibrate: Sequence[str],
) -> QuantizedNetwork:
    """Write the int8 form of a float32 .tflite file. It takes and puts out float32, as that does.

    Args:
        compiled: The float32 file.
        destination: The int8 file.
        taken: The numbers that the file takes; None: 0 to 1.
        preprocessing: How an image is prepared for the network.
        calibrate: Photographs' paths; none: the photographs of this package.

    Raises:
        ModelError: The file is no float32 network, TensorFlow cannot quantise it, or it does not bear int8; or fewer
            than 5 photographs could be read.
    """
    shape = _check_float32(compiled)
    images = _decoded(calibrate, preprocessing) if calibrate else photographs(preprocessing.image_size)
    few = images[:: -(-len(images) // _FEW)]
    layers = layers_of(compiled.read_bytes())
    expected, expected_of_few = (_outputs(compiled, taken, each) for each in (images, few))
    network = _Calibrated(compiled, layers, list(_as_taken(images, taken, shape)))

    def harm(quantised: Sequence[Layer]) -> float:
        network.write(destination, in_float=set(layers) - set(quantised))
        return float(((_outputs(destination, taken, few) - expected_of_few) ** 2).mean())

    in_float = [*makers_of_outputs(layers), *most_sensitive(layers, harm)]
    network.write(destination, in_float=in_float)
    difference = relative_rounding(_outputs(destination, taken, images), expected)
    if not difference <= BOUNDS["int8"]:
        raise ModelError(
            f"it does not bear int8: its outputs differ by {difference:.2g} of their deviation "
            f"(at most {BOUNDS['int8']:g} is rounding)"
        )
    return QuantizedNetwork(difference, len(images), len(set(in_float)))


class _Calibrated:
    """A network with the range of each of its activations, and what int8 weights shift its biases by."""

    def __init__(self, compiled: Path, layers: Sequence[Layer], inputs: Sequence[NDArray[np.float32]]) -> None:
        import_tensorflow()
        from tensorflow.lite.python.optimize.calibrator import Calibrator

        self._layers = layers
        self._corrections = bias_corrections(compiled, layers, inputs)
        with _explained(), silenced():
            self._content: bytes = Calibrator(compiled.read_bytes()).calibrate(lambda: ([each] for each in inputs))
        self._calibrated_layers = layers_of(self._content)

    def write(self, destination: Path, in_float: Iterable[Layer]) -> None:
        """Write it with all layers in int8 that have an int8 form, except some."""
        from tensorflow.lite.python.convert import mlir_quantize

        kept = {layer.name for layer in in_float}
        content = bytearray(self._content)
        for layer, own in zip(self._layers, self._calibrated_layers, strict=True):
            if layer.name not in kept and layer.bias in self._corrections and own.bias is not None:
                floats_in(content, own.bias)[:] += self._corrections[layer.bias]
        with _explained(), silenced():
            destination.write_bytes(mlir_quantize(bytes(content), denylisted_nodes=sorted(kept)))


@contextmanager
def _explained() -> Iterator[None]:
    """Turn TensorFlow's many kinds of errors within the block into a ModelError."""
    try:
        yield
    except Exception as error:
        raise ModelError(f"TensorFlow cannot quantise it: {first_line(error)}") from error


def _check_float32(compiled: Path) -> tuple[int, ...]:
    """Return the shape of a file's input.

    Raises:
        ModelError: It holds integers already.
    """
    from ai_edge_litert.interpreter import Interpreter

    with silenced():
        interpreter = Interpreter(str(compiled))
    if any(details["dtype"].__name__ in ("int8", "uint8") for details in interpreter.get_tensor_details()):
        raise ModelError("it is quantised already")
    return tuple(map(int, interpreter.get_input_details()[0]["shape"]))


def _as_taken(
    images: NDArray[np.float32], taken: Input | None, shape: tuple[int, ...]
) -> Iterator[NDArray[np.float32]]:
    """Yield each image as the file takes it, a batch of one."""
    import numpy as np

    for image in images[:, None]:
        scaled = image if taken is None else taken.scaled(image)
        yield np.ascontiguousarray(scaled.transpose(0, 3, 1, 2) if is_planar(shape) else scaled)


def _outputs(file: Path, taken: Input | None, images: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    session, size = LiteRTEngine(file, taken).session(), LiteRTEngine.batch_size
    return np.concatenate([session(images[begin : begin + size]) for begin in range(0, len(images), size)])


def _decoded(paths: Sequence[str], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Return the photographs that can be read, float32 [N, H, W, 3] in [0, 1]."""
    import numpy as np

    side = preprocessing.image_size
    pixels = np.empty((len(paths), side, side, 3), np.uint8)
    read = 0
    for path in paths:
        try:
            load_image(Source(path), preprocessing, pixels[read])
        except ImageError:
            continue
        read += 1
    if read < _LEAST_PHOTOGRAPHS:
        raise ModelError(
            f"to calibrate it, at least {_LEAST_PHOTOGRAPHS} photographs are needed, and {read} can be read"
        )
    return np.divide(pixels[:read], np.float32(255), dtype=np.float32)
