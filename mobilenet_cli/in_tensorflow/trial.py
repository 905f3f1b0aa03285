"""A network is run here, in the child, before it runs in the program's own process.

A damaged or crafted file makes LiteRT, OpenVINO or TensorFlow crash, hang or take all memory. In the child, that ends
the child.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.engines import ENGINES, EngineName
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import Precision
from mobilenet_cli.errors import ModelError


@dataclass(frozen=True, slots=True)
class Trial:
    """A network to be tried, and how it is to be run.

    Attributes:
        path: The compiled file, or the SavedModel's folder.
        engine: The engine that is to run it, not "auto".
        image_size: The side of its images in pixels.
        taken: The numbers that it takes; None: float32 from 0 to 1, or bytes where it takes integers.
        precision: The type of the numbers that it multiplies.
        width: How many numbers it puts out for an image, as its manifest says.
        is_trusted: Whether operations of a SavedModel that could act on this machine may run.
    """

    path: Path
    engine: EngineName
    image_size: int
    taken: Input | None
    precision: Precision
    width: int
    is_trusted: bool = False


def try_network(trial: Trial) -> None:
    """Open a network and run it on images, one at a time and several.

    Raises:
        ModelError: It cannot be run, has an operation that is no part of a network, or puts out other numbers than it
            should.
    """
    from mobilenet_cli.engines.check import random_images
    from mobilenet_cli.in_tensorflow import operations
    from mobilenet_cli.in_tensorflow.trying import photographs

    if trial.path.is_dir() and not trial.is_trusted:
        operations.check_saved_model(trial.path)
    engine = ENGINES[trial.engine].open(trial.path, trial.image_size, trial.taken, trial.precision)
    session = engine.session()
    for images in (photographs(trial.image_size)[:1], random_images(trial.image_size)):
        outputs = session(images)
        if outputs.shape != (len(images), trial.width):
            shape = list(outputs.shape)
            raise ModelError(f"it puts out {shape} for {len(images)} images, not {[len(images), trial.width]}")
