"""TensorFlow: runs the SavedModel itself. The reference for compiled files, and the engine where none compiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines import Engine, Session
from mobilenet_cli.engines.loading import import_tensorflow, load
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.engines.tracing import concrete_function
from mobilenet_cli.errors import ModelError
from mobilenet_cli.text import first_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def open_engine(path: Path, image_size: int, taken: Input | None = None, precision: Precision = DEFAULT) -> Engine:
    """Load a SavedModel; see EngineEntry.open."""
    return SavedModelEngine(path, image_size, taken)


def version() -> str:
    """Return the name and the version of the engine, which is not imported."""
    from importlib import metadata

    try:
        return f"TensorFlow {metadata.version('tensorflow')}"
    except metadata.PackageNotFoundError:
        return "TensorFlow"


class SavedModelEngine:
    """A SavedModel, loaded once; its sessions share it, and TensorFlow's own threads do the work."""

    batch_size = 32

    def __init__(self, folder: Path, image_size: int, taken: Input | None = None) -> None:
        """Load the SavedModel in `folder` to be called on images of `image_size` × `image_size` pixels.

        Args:
            folder: The SavedModel.
            image_size: The side of the images in pixels.
            taken: The numbers that it takes; None: 0 to 1, or bytes where it takes integers.

        Raises:
            ModelError: `folder` holds no SavedModel that maps images to logits.
        """
        self._model = load(folder)  # kept: the traced function does not own its variables
        self._function = concrete_function(self._model, image_size, taken)

    def session(self) -> Session:
        """Return a callable for any thread."""
        return self._run

    def _run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return call(self._function, batch)


def call(function: Any, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Call a traced function on float32 [N, H, W, 3] and return float32 [N, classes]."""
    tf = import_tensorflow()
    try:
        outputs: NDArray[np.float32] = function(tf.constant(batch)).numpy()
    except tf.errors.OpError as error:
        raise ModelError(f"TensorFlow cannot run the model: {first_line(error)}") from error
    return outputs
