"""TensorFlow: runs the SavedModel itself. The reference for compiled files, and the engine where none compiles."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines import Engine, Session
from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import first_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The names that image classifiers give their output, where a signature has several.
_OUTPUT_NAMES = ("logits", "default", "output_0", "predictions", "probabilities", "feature_vector")


def import_tensorflow() -> Any:
    """Import TensorFlow without the log lines of its start, and return it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced():
        import tensorflow
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def open_engine(path: Path, image_size: int) -> Engine:
    """Load a SavedModel; see EngineEntry.open."""
    return SavedModelEngine(path, image_size)


class SavedModelEngine:
    """A SavedModel, loaded once; its sessions share it, and TensorFlow's own threads do the work."""

    batch_size = 32

    def __init__(self, folder: Path, image_size: int) -> None:
        """Load the SavedModel in `folder` to be called on images of `image_size` × `image_size` pixels.

        Raises:
            ModelError: `folder` holds no SavedModel that maps images to logits.
        """
        self._model = load(folder)  # kept: the traced function does not own its variables
        self._function = concrete_function(self._model, image_size)

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


def load(folder: Path) -> Any:
    """Return the object that `tf.saved_model.load` makes of `folder`.

    Raises:
        ModelError: The folder holds no SavedModel that TensorFlow can load.
    """
    if not (folder / "saved_model.pb").is_file():
        raise ModelError(f"{folder} is not a SavedModel: it has no saved_model.pb")
    tf = import_tensorflow()
    try:
        with silenced():
            return tf.saved_model.load(str(folder))
    except Exception as error:  # TensorFlow raises many kinds here, all of which mean a damaged model
        raise ModelError(f"TensorFlow cannot load the SavedModel {folder}: {first_line(error)}") from error


def concrete_function(model: Any, image_size: int) -> Any:
    """Trace a loaded SavedModel for float32 [None, image_size, image_size, 3] → float32 [None, classes].

    The object's own call is preferred (TF Hub's reusable SavedModels, Keras), then its serving signature.

    Raises:
        ModelError: Neither takes such images, or the output is not [N, classes].
    """
    tf = import_tensorflow()
    spec = tf.TensorSpec([None, image_size, image_size, 3], tf.float32, name="images")
    reasons = []
    for candidate in _calls(model):
        try:
            with silenced():
                function = tf.function(_to_logits(candidate)).get_concrete_function(spec)
        except Exception as error:  # a call that does not fit raises TypeError, ValueError or an OpError
            reasons.append(first_line(error))
            continue
        shape = function.structured_outputs.shape
        if shape.rank == 2 and function.structured_outputs.dtype == tf.float32:
            return function
        reasons.append(f"its output is {function.structured_outputs.dtype.name} {shape}")
    raise ModelError(
        f"this SavedModel does not classify float32 images of [N, {image_size}, {image_size}, 3]: "
        + ("; ".join(dict.fromkeys(reasons)) or "it can't be called and has no signature")
    )


def fixed_image_size(model: Any) -> int | None:
    """Return the side in pixels of the square images that a loaded SavedModel's signature is fixed to, if any."""
    for signature in getattr(model, "signatures", {}).values():
        for spec in signature.structured_input_signature[1].values():
            if spec.shape.rank == 4 and spec.shape[1] is not None and spec.shape[1] == spec.shape[2]:
                return int(spec.shape[1])
    return None


def _calls(model: Any) -> list[Callable[[Any], Any]]:
    calls: list[Callable[[Any], Any]] = []
    if callable(model):
        calls += [lambda images: model(images, training=False), model]
    signatures = getattr(model, "signatures", {})
    for key in sorted(signatures, key=lambda key: (key != "serving_default", key)):
        signature = signatures[key]
        names = list(signature.structured_input_signature[1])
        if len(names) == 1:
            calls.append(partial(_call_signature, signature, names[0]))
    return calls


def _call_signature(signature: Any, name: str, images: Any) -> Any:
    return signature(**{name: images})


def _to_logits(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda images: _single(call(images))


def _single(outputs: Any) -> Any:
    """Pick the one tensor of logits out of what a model returns."""
    if not isinstance(outputs, dict):
        return outputs
    if len(outputs) == 1:
        return next(iter(outputs.values()))
    for name in _OUTPUT_NAMES:
        if name in outputs:
            return outputs[name]
    raise ModelError(f"several outputs ({', '.join(sorted(outputs))}) and none that is known to be the logits")
