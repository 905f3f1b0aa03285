"""A .tflite file that somebody else compiled: the size of its input, and its kind of output.

`inspect` is called in the TensorFlow process, since a damaged file can crash LiteRT.
"""

from __future__ import annotations

from pathlib import Path

from mobilenet_cli.engines.check import output_kind, random_images
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.compiler import CompiledNetwork
from mobilenet_cli.machine.native_logs import silenced

# LiteRT quantises a softmax always so, whatever its values.
_SOFTMAX_SCALE, _SOFTMAX_ZERO_POINTS = 1 / 256, (0, -128)


def inspect(file: Path, image_size: int | None, default_size: int) -> CompiledNetwork:
    """Run a .tflite file on random images and return what that shows, with `file` as given.

    Args:
        file: The file.
        image_size: The side of the images in pixels; None for the side that the file is fixed to.
        default_size: The side where it is fixed to none.

    Raises:
        ModelError: LiteRT cannot run it, or it does not map [N, H, W, 3] to [N, classes].
    """
    from ai_edge_litert.interpreter import Interpreter

    engine = LiteRTEngine(file)
    session = engine.session()  # which says what is wrong with a file that does not load
    with silenced():
        interpreter = Interpreter(str(file))
    (taken,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    shape = [int(side) for side in taken["shape_signature"]]
    if len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2]:
        raise ModelError(f"{file} takes an input of {shape}, but square images are [N, H, H, 3]")
    size = shape[1] if shape[1] > 0 else image_size or default_size
    if image_size not in (None, size):
        raise ModelError(f"{file} is compiled for images of {size} pixels, so it cannot be used at {image_size}")
    outputs = session(random_images(size))
    if outputs.ndim != 2:
        raise ModelError(f"{file} puts out {list(outputs.shape)}, but classes are [N, classes]")
    scale, zero_point = made["quantization"]
    is_softmax = scale == _SOFTMAX_SCALE and zero_point in _SOFTMAX_ZERO_POINTS
    return CompiledNetwork(
        size, int(outputs.shape[1]), "probabilities" if is_softmax else output_kind(outputs), str(file)
    )
