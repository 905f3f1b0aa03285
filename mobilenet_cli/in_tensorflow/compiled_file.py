"""A .tflite file that somebody else compiled: what it takes and puts out.

It is looked at in the TensorFlow process, since a damaged file can crash LiteRT.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mobilenet_cli.engines.check import output_kind, random_images
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.native_logs import silenced

# LiteRT quantises a softmax always so, whatever its values.
_SOFTMAX_SCALE, _SOFTMAX_ZERO_POINTS = 1 / 256, (0, -128)


def inspect(file: str, image_size: int | None, default_size: int) -> dict[str, Any]:
    """Run a .tflite file on random images and say what it is.

    Args:
        file: The file.
        image_size: The side of the images in pixels; None for the side that the file is fixed to.
        default_size: The side where it is fixed to none.

    Returns:
        As compiler.compile_model, with `file` as given and `difference` None.

    Raises:
        ModelError: LiteRT cannot run it, or it does not map [N, H, W, 3] to [N, classes].
    """
    from ai_edge_litert.interpreter import Interpreter

    engine = LiteRTEngine(Path(file))
    session = engine.session()  # which says what is wrong with a file that does not load
    with silenced():
        interpreter = Interpreter(file)
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
    return {
        "image_size": size,
        "width": int(outputs.shape[1]),
        "output": "probabilities" if is_softmax else output_kind(outputs),
        "file": file,
        "difference": None,
        "failure": None,
    }
