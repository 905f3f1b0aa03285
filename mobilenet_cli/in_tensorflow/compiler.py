"""SavedModel → LiteRT, checked: what is compiled gives what the SavedModel gives, or it is refused.

Runs in the TensorFlow process (see process.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines import savedmodel
from mobilenet_cli.engines.check import BOUND, output_kind, random_images, relative_difference
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.native_logs import silenced

if TYPE_CHECKING:
    pass


def compile_model(
    saved_model: str, folder: str, suffix: str, image_size: int | None, default_size: int
) -> dict[str, Any]:
    """Compile a SavedModel for square images and write it to `folder`, as SIZE and `suffix`.

    Args:
        saved_model: The SavedModel's folder.
        folder: Where the compiled file goes.
        suffix: How the compiled file's name ends: ".tflite".
        image_size: The side of the images in pixels; None for the side that the SavedModel is fixed to.
        default_size: The side where it is fixed to none.

    Returns:
        `image_size`; `width` of the output; `output`, "probabilities" where random images give
        rows of non-negative numbers that sum to 1, else "logits"; `file`, the compiled file's name, or None
        where it does not compile; `difference`, the largest absolute difference between its output and the
        SavedModel's over the output's range, or None; `failure`, why it does not compile, or None.

    Raises:
        ModelError: The SavedModel is not an image classifier for such images.
    """
    model = savedmodel.load(Path(saved_model))
    size = image_size or savedmodel.fixed_image_size(model) or default_size
    function = savedmodel.concrete_function(model, size)
    images = random_images(size)
    expected = savedmodel.call(function, images)
    facts = {"image_size": size, "width": int(expected.shape[1]), "output": output_kind(expected)}
    destination = Path(folder) / f"{size}{suffix}"
    temporary = destination.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(_convert(function, model))
        difference = relative_difference(LiteRTEngine(temporary).session()(images), expected)
        if not difference <= BOUND:
            raise ModelError(
                f"the compiled model's output differs from the SavedModel's by {difference:.2g} of its range "
                f"(at most {BOUND:g} is rounding)"
            )
        temporary.replace(destination)
    except ModelError as error:
        return {**facts, "file": None, "difference": None, "failure": str(error)}
    finally:
        temporary.unlink(missing_ok=True)
    return {**facts, "file": destination.name, "difference": difference, "failure": None}


def _convert(function: Any, model: Any) -> bytes:
    tf = savedmodel.import_tensorflow()
    try:
        with silenced():
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
            converted: bytes = converter.convert()
    except Exception as error:  # the converter's own class, or whatever an operation without a kernel raises
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ModelError(f"LiteRT has no counterpart for it: {first.strip()}") from error
    return converted
