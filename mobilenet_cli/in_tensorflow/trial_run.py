"""One run of a compiled network that another machine made. Called in the TensorFlow process, without TensorFlow."""

from __future__ import annotations

from pathlib import Path

from mobilenet_cli.engines.check import random_images
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import ModelError


def run_once(file: Path, image_size: int, taken: Input | None, width: int) -> None:
    """Run a compiled network on a few images.

    Args:
        file: The .tflite.
        image_size: The side of its images in pixels.
        taken: The numbers that it takes; None: float32 from 0 to 1, or bytes where it takes integers.
        width: How many numbers it puts out for an image.

    Raises:
        ModelError: LiteRT cannot run it, or it puts out another number of them.
    """
    outputs = LiteRTEngine(file, taken).session()(random_images(image_size))
    if outputs.shape[1:] != (width,):
        raise ModelError(f"{file.name} puts out {list(outputs.shape[1:])} values for an image, not {width}")
