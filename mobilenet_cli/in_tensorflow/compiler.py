"""SavedModel → .tflite, checked: the compiled network's outputs are the SavedModel's, or it is refused.

`compile_model` is called in the TensorFlow process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mobilenet_cli.engines import loading, open_compiled, savedmodel, tracing
from mobilenet_cli.engines.check import BOUND, output_kind, random_images, relative_difference
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import operations, stated_input
from mobilenet_cli.in_tensorflow.given import KNOWN, Given
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.records import OutputKind
from mobilenet_cli.text import first_line


@dataclass(frozen=True, slots=True)
class CompiledNetwork:
    """A network that was compiled and tried on random images, or that could not be compiled.

    Attributes:
        image_size: The side in pixels of the images that it was compiled for.
        width: How many classes or features it puts out.
        output: What its outputs are.
        file: The compiled file's name; None where it does not compile.
        difference: The largest absolute difference between its outputs and the SavedModel's, over their range; None
            where there is no SavedModel or it does not compile.
        failure: Why it does not compile, or None.
        input: The numbers that the SavedModel takes or, where there is none, the compiled file; None: 0 to 1, or bytes.
        guess: How a warning says why that input is taken, where nothing shows it; "" where something does.
        takes_any_size: Whether the model was made for no image size, so that `image_size` may not be what it was
            trained at.
    """

    image_size: int
    width: int
    output: OutputKind
    file: str | None
    difference: float | None = None
    failure: str | None = None
    input: Input | None = None
    guess: str = ""
    takes_any_size: bool = False


def compile_model(
    saved_model: Path,
    folder: Path,
    suffix: str,
    image_size: int | None,
    default_size: int,
    *,
    given: Given = KNOWN,
) -> CompiledNetwork:
    """Compile a SavedModel for square images and write it to `folder`, as SIZE and `suffix`.

    Args:
        saved_model: The SavedModel's folder.
        folder: Where the compiled file goes.
        suffix: The end of the compiled file's name: ".tflite".
        image_size: The side of the images in pixels; None for the side that the SavedModel is fixed to.
        default_size: The side where it is fixed to none.
        given: The facts that are given about it.

    Raises:
        ModelError: The SavedModel is not an image classifier for such images, or nothing says what it takes.
    """
    from mobilenet_cli.in_tensorflow.finding import input_of_saved_model

    if not given.is_trusted:
        operations.check_saved_model(saved_model)
    model = loading.load(saved_model)
    fixed_size = tracing.fixed_image_size(model)
    size = image_size or fixed_size or default_size
    if not given.is_hubs:
        given = replace(given, stated=stated_input.read(saved_model))
    found = input_of_saved_model(model, size, given)
    function = tracing.concrete_function(model, size, found.input)
    images = random_images(size)
    expected = savedmodel.call(function, images)
    width, output = int(expected.shape[1]), given.output or found.output or output_kind(expected)
    made = CompiledNetwork(
        size, width, output, file=None, input=found.input, guess=found.guess, takes_any_size=fixed_size is None
    )
    destination = folder / f"{size}{suffix}"
    temporary = destination.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(_convert(function, model))
        difference = relative_difference(open_compiled(temporary, size).session()(images), expected)
        if not difference <= BOUND:
            raise ModelError(
                f"the compiled model's output differs from the SavedModel's by {difference:.2g} of its range "
                f"(at most {BOUND:g} is rounding)"
            )
        temporary.replace(destination)
    except ModelError as error:
        return replace(made, failure=str(error))
    finally:
        temporary.unlink(missing_ok=True)
    return replace(made, file=destination.name, difference=difference)


def _convert(function: Any, model: Any) -> bytes:
    tf = loading.import_tensorflow()
    try:
        with silenced():
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
            converted: bytes = converter.convert()
    except Exception as error:  # the converter's own class, or whatever an operation without a kernel raises
        raise ModelError(f"LiteRT has no counterpart for it: {first_line(error)}") from error
    return converted
