"""A compiled float32 network → the same with weights that bfloat16 has, and biases that make up for their rounding.

An engine that runs a float32 file in bfloat16 rounds its weights, and that does more harm than rounding the activations
does. `round_weights` is called in the TensorFlow process, since a damaged file can crash LiteRT.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.in_tensorflow.bias_correction import bias_corrections, round_to_bfloat16
from mobilenet_cli.in_tensorflow.float_network import FloatNetwork, RoundedNetwork
from mobilenet_cli.in_tensorflow.layers_of_file import floats_in


def round_weights(
    compiled: Path, destination: Path, taken: Input | None, preprocessing: Preprocessing, photographs: Sequence[str]
) -> RoundedNetwork:
    """Write a float32 .tflite file whose weights are rounded to bfloat16 and whose biases are corrected.

    Arguments and errors are those of `quantizer.quantize`.
    """
    network = FloatNetwork(compiled, taken, preprocessing, photographs)
    corrections = bias_corrections(compiled, network.layers, network.inputs(), round_to_bfloat16)
    content = bytearray(compiled.read_bytes())
    for layer in network.layers:
        if layer.bias in corrections and layer.weights is not None:
            floats_in(content, layer.bias)[:] += corrections[layer.bias]
            weights = floats_in(content, layer.weights)
            weights[:] = round_to_bfloat16(weights)
    destination.write_bytes(content)
    return network.check_rounded(destination, "bfloat16", in_float=0)
