"""What a network takes and puts out: from options, from the file itself or, where nothing says it, by trying."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines import savedmodel, tracing
from mobilenet_cli.engines.check import output_kind
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.network_input import BYTES, SIGNED, UNIT, Input
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.given import Given
from mobilenet_cli.in_tensorflow.graph_ends import GraphEnds, ends_of_file, ends_of_function
from mobilenet_cli.in_tensorflow.stated_input import StatedInput
from mobilenet_cli.in_tensorflow.trying import OPTIONS, found_by_trying, photographs
from mobilenet_cli.records import OutputKind
from mobilenet_cli.tensorflow_files.tflite_metadata import Metadata

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.trying import Run

# TF-Slim's own: mobilenet_v1_1.0_224.tflite, mobilenet_v1_1.0_224_quant.tflite.
_SLIM_FILE = re.compile(r"mobilenet_v1_(1\.0|0\.75|0\.5|0\.50|0\.25)_\d{3}(_quant|_frozen)?\.tflite")

_TEACHABLE_MACHINES = "model_unquant.tflite"


_BY_TRYING = "on photographs it does best with"
_LIKE_HUBS = StatedInput(UNIT, "its signature is called as those of TF Hub's image models, which take")


@dataclass(frozen=True, slots=True)
class Found:
    """What a network takes and puts out.

    Attributes:
        input: The numbers that it takes; None: float32 from 0 to 1, or bytes where it takes integers.
        output: What its outputs are; None: not looked for.
        guess: How a warning says why that input is taken, where nothing shows it; "" where something does.
    """

    input: Input | None = None
    output: OutputKind | None = None
    guess: str = ""


def input_of_saved_model(model: Any, image_size: int, given: Given) -> Found:
    """Return what a loaded SavedModel takes and puts out.

    Raises:
        ModelError: Nothing says what it takes, and trying does not show it.
    """
    function = tracing.concrete_function(model, image_size, UNIT)
    ends = _ends_of_function(function)
    images = photographs(image_size)
    output = given.output or (
        output_kind(savedmodel.call(function, images), ends.last) if given.is_classifier else None
    )
    if given.input is None and (given.is_hubs or tracing.has_hub_call(model)):
        return Found(None, output)
    if given.input is None and tracing.takes_integers(model, image_size):
        return Found(BYTES, output)
    if given.stated is None and tracing.has_hub_signature(model):
        given = replace(given, stated=_LIKE_HUBS)

    def run(each: Input, batch: Any) -> Any:
        return savedmodel.call(tracing.concrete_function(model, image_size, each), batch)

    known, guess = _known(given, ends, None, run, output, image_size)
    is_plain = known == UNIT and not tracing.takes_other_arrays(model, image_size)
    return Found(None if is_plain else known, output, guess)


def input_of_file(file: Path, image_size: int, given: Given, metadata: Metadata, step: float) -> Found:
    """Return what a .tflite file takes and puts out.

    Args:
        file: The file, which LiteRT has opened.
        image_size: The side of its images in pixels.
        given: The facts that are given about it.
        metadata: Its metadata.
        step: The distance between neighbouring values of its outputs where they are quantised, or 0.

    Raises:
        ModelError: Nothing says what it takes, and trying does not show it.
    """
    ends = ends_of_file(file)
    if _SLIM_FILE.fullmatch(file.name) or file.name == _TEACHABLE_MACHINES:
        given = replace(given, stated=StatedInput(SIGNED))

    def run(each: Input, batch: Any) -> Any:
        return LiteRTEngine(file, each).session()(batch)

    of_metadata = _of_metadata(metadata)
    output = given.output
    if output is None and given.is_classifier:
        shown = given.input or of_metadata or ends.input or UNIT
        output = output_kind(run(shown, photographs(image_size)), ends.last, step)
    known, guess = _known(given, ends, of_metadata, run, output, image_size)
    return Found(known, output, guess)


def _known(
    given: Given, ends: GraphEnds, of_metadata: Input | None, run: Run, output: OutputKind | None, image_size: int
) -> tuple[Input, str]:
    """Return what a network takes and, where nothing shows it, how a warning says why that is taken.

    The user's word comes first, then the file's own metadata, what its operations show, and where it comes from.
    """
    stated = given.stated
    known = given.input or of_metadata or ends.input or (stated.input if stated and not stated.usually else None)
    if known is not None:
        return known, ""
    if not given.is_classifier or output is None:
        raise ModelError(f"nothing says which numbers the model takes for black and white: give {OPTIONS}")
    try:
        return found_by_trying(run, output, image_size), _BY_TRYING
    except ModelError:
        if stated is None:
            raise
        return stated.input, stated.usually


def _of_metadata(metadata: Metadata) -> Input | None:
    if not metadata.mean or not metadata.std:
        return None
    return Input.of_pixels(metadata.mean, metadata.std)


def _ends_of_function(function: Any) -> GraphEnds:
    try:
        return ends_of_function(function)
    except Exception:  # a graph that TensorFlow cannot freeze says nothing
        return GraphEnds(None, "")
