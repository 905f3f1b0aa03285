"""A compiled float32 network, and the photographs on which its rounded forms are made and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines.batches import as_taken, is_planar
from mobilenet_cli.engines.check import BOUNDS, relative_rounding
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import LEAST_PHOTOGRAPHS, Precision
from mobilenet_cli.errors import ImageError, ModelError
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.in_tensorflow.layers_of_file import layers_of
from mobilenet_cli.in_tensorflow.trying import photographs
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RoundedNetwork:
    """A network that was rounded to another precision.

    Attributes:
        difference: The root mean square of the differences between its outputs and the float32 network's, over the
            deviation of those, on the photographs that it was made on.
        images: How many photographs it was calibrated on.
        in_float: How many layers were left in float32, because they bear the precision least.
    """

    difference: float
    images: int
    in_float: int


class FloatNetwork:
    """A compiled float32 network with the photographs that its rounded forms are made on.

    Attributes:
        file: The .tflite file.
        layers: Its layers.
        images: The photographs, float32 [N, H, W, 3] in [0, 1].
    """

    def __init__(self, file: Path, taken: Input | None, preprocessing: Preprocessing, paths: Sequence[str]) -> None:
        """Read the file and the photographs.

        Args:
            file: The .tflite file.
            taken: The numbers that it takes; None: 0 to 1.
            preprocessing: How an image is prepared for it.
            paths: Photographs' paths; none: the photographs of this package.

        Raises:
            ModelError: The file is quantised already, or fewer than 5 photographs can be read.
        """
        self.file, self._taken = file, taken
        self._shape = _shape_of_float32(file)
        self.layers = layers_of(file.read_bytes())
        self.images = _decoded(paths, preprocessing) if paths else photographs(preprocessing.image_size)

    def inputs(self) -> list[NDArray[np.float32]]:
        """Return the photographs as the file takes them, each a batch of one."""
        return list(as_taken(self.images, self._taken, planar=is_planar(self._shape))[:, None])

    def outputs(self, file: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the outputs of the file, or of a rounded form of it, for images as in `images`."""
        import numpy as np

        session, size = LiteRTEngine(file, self._taken).session(), LiteRTEngine.batch_size
        return np.concatenate([session(images[begin : begin + size]) for begin in range(0, len(images), size)])

    def check_rounded(self, rounded: Path, precision: Precision, in_float: int) -> RoundedNetwork:
        """Check the outputs of a rounded form, and return its facts.

        Raises:
            ModelError: Its outputs are too far from the float32 network's.
        """
        difference = relative_rounding(self.outputs(rounded, self.images), self.outputs(self.file, self.images))
        if not difference <= BOUNDS[precision]:
            raise ModelError(
                f"it does not bear {precision}: its outputs differ by {difference:.2g} of their deviation "
                f"(at most {BOUNDS[precision]:g} is rounding)"
            )
        return RoundedNetwork(difference, len(self.images), in_float)


def _shape_of_float32(file: Path) -> tuple[int, ...]:
    from ai_edge_litert.interpreter import Interpreter

    with silenced():
        interpreter = Interpreter(str(file))
    if any(details["dtype"].__name__ in ("int8", "uint8") for details in interpreter.get_tensor_details()):
        raise ModelError("it is quantised already")
    return tuple(map(int, interpreter.get_input_details()[0]["shape"]))


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
    if read < LEAST_PHOTOGRAPHS:
        raise ModelError(f"to round it, at least {LEAST_PHOTOGRAPHS} photographs are needed, and {read} can be read")
    return np.divide(pixels[:read], np.float32(255), dtype=np.float32)
