"""A .tflite file that somebody else compiled: the size of its input, and its kind of output.

`inspect` is called in the TensorFlow process, since a damaged file can crash LiteRT.
"""

from __future__ import annotations

from pathlib import Path

from mobilenet_cli.engines.batches import is_planar
from mobilenet_cli.engines.check import random_images
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.compiler import CompiledNetwork
from mobilenet_cli.in_tensorflow.given import Given
from mobilenet_cli.machine.native_logs import silenced


def inspect(
    file: Path, image_size: int | None, default_size: int, given: Given, labels: Path | None = None
) -> CompiledNetwork:
    """Run a .tflite file on images, and return what that and its metadata show, with `file` as given.

    Args:
        file: The file.
        image_size: The side of the images in pixels; None for the side that the file is fixed to.
        default_size: The side where it is fixed to none.
        given: The facts that are given about it.
        labels: Where to write the labels in its metadata, if it has some.

    Raises:
        ModelError: LiteRT cannot run it, it does not map [N, H, W, 3] to [N, classes], its metadata is damaged, or
            nothing says what it takes.
    """
    from ai_edge_litert.interpreter import Interpreter

    from mobilenet_cli.in_tensorflow.finding import input_of_file
    from mobilenet_cli.tensorflow_files.tflite_metadata import read_metadata

    engine = LiteRTEngine(file)
    session = engine.session()  # which says what is wrong with a file that does not load
    with silenced():
        interpreter = Interpreter(str(file))
    (taken,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    shape = [int(side) for side in taken["shape_signature"]]
    if is_planar(shape):
        shape = [shape[0], *shape[2:], shape[1]]
    if len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2]:
        raise ModelError(f"{file} takes an input of {shape}, but square images are [N, H, H, 3]")
    size = shape[1] if shape[1] > 0 else image_size or default_size
    if image_size not in (None, size):
        raise ModelError(f"{file} is compiled for images of {size} pixels, so it cannot be used at {image_size}")
    outputs = session(random_images(size))
    if outputs.ndim != 2:
        raise ModelError(f"{file} puts out {list(outputs.shape)}, but classes are [N, classes]")
    try:
        metadata = read_metadata(file)
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {file}: {error}") from error
    if labels is not None and metadata.labels is not None:
        labels.write_bytes(metadata.labels)
    step = float(made["quantization"][0])
    found = input_of_file(file, size, given, metadata, step)
    return CompiledNetwork(
        size,
        int(outputs.shape[1]),
        found.output or "features",
        str(file),
        input=found.input,
        guess=found.guess,
        takes_any_size=shape[1] <= 0,
    )
