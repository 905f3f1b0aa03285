"""A compiled float32 network → int8: weights per channel, activations by their ranges, biases corrected.

`quantize` is called in the TensorFlow process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import ModelError
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow.bias_correction import bias_corrections, round_to_int8
from mobilenet_cli.in_tensorflow.float_network import FloatNetwork, RoundedNetwork
from mobilenet_cli.in_tensorflow.layers_of_file import Layer, floats_in, layers_of
from mobilenet_cli.in_tensorflow.sensitivity import makers_of_outputs, most_sensitive
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import first_line

_FEW = 9  # photographs on which layers are compared, which is done many times


def quantize(
    compiled: Path, destination: Path, taken: Input | None, preprocessing: Preprocessing, photographs: Sequence[str]
) -> RoundedNetwork:
    """Write the int8 form of a float32 .tflite file. It takes and puts out float32, as that does.

    Args:
        compiled: The float32 file.
        destination: The int8 file.
        taken: The numbers that the file takes; None: 0 to 1.
        preprocessing: How an image is prepared for the network.
        photographs: Their paths; none: the photographs of this package.

    Raises:
        ModelError: The file is no float32 network, TensorFlow cannot quantise it, or it does not bear int8; or fewer
            than 5 photographs can be read.
    """
    network = FloatNetwork(compiled, taken, preprocessing, photographs)
    measured, layers = _Measured(network), network.layers
    few = network.images[:: -(-len(network.images) // _FEW)]
    expected = network.outputs(compiled, few)

    def harm(quantised: Sequence[Layer]) -> float:
        measured.write(destination, float_layers=set(layers) - set(quantised))
        return float(((network.outputs(destination, few) - expected) ** 2).mean())

    float_layers = {*makers_of_outputs(layers), *most_sensitive(layers, harm)}
    measured.write(destination, float_layers=float_layers)
    return network.check_rounded(destination, "int8", len(float_layers))


class _Measured:
    """A network with the range of each of its activations, and what int8 weights shift its biases by."""

    def __init__(self, network: FloatNetwork) -> None:
        import_tensorflow()
        from tensorflow.lite.python.optimize.calibrator import Calibrator

        inputs = network.inputs()
        self._layers = network.layers
        self._corrections = bias_corrections(network.file, network.layers, inputs, round_to_int8)
        with _explained(), silenced():
            self._content: bytes = Calibrator(network.file.read_bytes()).calibrate(lambda: ([each] for each in inputs))
        self._measured_layers = layers_of(self._content)

    def write(self, destination: Path, float_layers: Iterable[Layer]) -> None:
        """Write it with all layers in int8 that have an int8 form, except some."""
        from tensorflow.lite.python.convert import mlir_quantize

        kept = {layer.name for layer in float_layers}
        content = bytearray(self._content)
        for layer, own in zip(self._layers, self._measured_layers, strict=True):
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
