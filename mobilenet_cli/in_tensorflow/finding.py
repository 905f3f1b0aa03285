"""What a network takes and puts out: from options, from the file itself or, where nothing says it, by trying."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobilenet_cli.engines import savedmodel, tracing
from mobilenet_cli.engines.check import output_kind
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.network_input import BYTES, SIGNED, UNIT, Input
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.graph_ends import GraphEnds, ends_of_file, ends_of_function
from mobilenet_cli.in_tensorflow.trying import OPTIONS, found_by_trying, photographs
from mobilenet_cli.in_tensorflow.wish import Wish
from mobilenet_cli.records import OutputKind
from mobilenet_cli.tensorflow_files.tflite_metadata import Metadata

# TF-Slim's own: mobilenet_v1_1.0_224.tflite, mobilenet_v1_1.0_224_quant.tflite.
_SLIM_FILE = re.compile(r"mobilenet_v1_(1\.0|0\.75|0\.5|0\.50|0\.25)_\d{3}(_quant|_frozen)?\.tflite")

_TEACHABLE_MACHINES = "model_unquant.tflite"


@dataclass(frozen=True, slots=True)
class Found:
    """What a network takes and puts out.

    Attributes:
        input: The numbers that it takes; None: float32 from 0 to 1, or bytes where it takes integers.
        output: What its outputs are; None: not looked for.
        is_guess: Whether the input was found by trying alone.
    """

    input: Input | None = None
    output: OutputKind | None = None
    is_guess: bool = False


def input_of_saved_model(model: Any, image_size: int, wish: Wish) -> Found:
    """Return what a loaded SavedModel takes and puts out.

    Raises:
        ModelError: Nothing says what it takes, and trying does not show it.
    """
    function = tracing.concrete_function(model, image_size, UNIT)
    ends = _ends_of_function(function)
    images = photographs(image_size)
    output = wish.output or (output_kind(savedmodel.call(function, images), ends.last) if wish.is_classifier else None)
    if wish.input is None and (wish.is_hubs or tracing.has_hub_interface(model)):
        return Found(None, output)
    if wish.input is None and tracing.takes_integers(model, image_size):
        return Found(BYTES, output)
    known = wish.input or ends.input
    if known is None:
        _check_can_be_tried(wish)
        assert output is not None  # noqa: S101 - of a classifier
        known = found_by_trying(
            lambda each, batch: savedmodel.call(tracing.concrete_function(model, image_size, each), batch),
            output,
            image_size,
        )
    is_guess = wish.input is None and ends.input is None
    is_plain = known == UNIT and not tracing.takes_other_arrays(model, image_size)
    return Found(None if is_plain else known, output, is_guess)


def input_of_file(file: Path, image_size: int, wish: Wish, metadata: Metadata, step: float) -> Found:
    """Return what a .tflite file takes and puts out.

    Args:
        file: The file, which LiteRT has opened.
        image_size: The side of its images in pixels.
        wish: What is known of it.
        metadata: Its metadata.
        step: The distance between neighbouring values of its outputs where they are quantised, or 0.

    Raises:
        ModelError: Nothing says what it takes, and trying does not show it.
    """
    ends = ends_of_file(file)

    def run(each: Input, batch: Any) -> Any:
        return LiteRTEngine(file, each).session()(batch)

    known = wish.input or _of_metadata(metadata) or ends.input
    if known is None and (_SLIM_FILE.fullmatch(file.name) or file.name == _TEACHABLE_MACHINES):
        known = SIGNED
    output = wish.output
    if output is None and wish.is_classifier:
        output = output_kind(run(known or UNIT, photographs(image_size)), ends.last, step)
    if known is not None:
        return Found(known, output)
    _check_can_be_tried(wish)
    assert output is not None  # noqa: S101 - of a classifier
    return Found(found_by_trying(run, output, image_size), output, is_guess=True)


def _of_metadata(metadata: Metadata) -> Input | None:
    if not metadata.mean or not metadata.std:
        return None
    return Input.of_pixels(metadata.mean, metadata.std)


def _ends_of_function(function: Any) -> GraphEnds:
    try:
        return ends_of_function(function)
    except Exception:  # a graph that TensorFlow cannot freeze says nothing
        return GraphEnds(None, "")


def _check_can_be_tried(wish: Wish) -> None:
    if not wish.is_classifier:
        raise ModelError(f"nothing says which numbers the model takes for black and white: give {OPTIONS}")
