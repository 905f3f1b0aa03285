"""Finding a network's input by trying: which range gives peaked and different answers to a few photographs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines.network_input import BYTES, CAFFE, SIGNED, TORCH, UNIT, Input
from mobilenet_cli.engines.network_output import scores_of
from mobilenet_cli.errors import ModelError
from mobilenet_cli.records import OutputKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Run = Callable[[Input, NDArray[np.float32]], NDArray[np.float32]]

CANDIDATES = (UNIT, SIGNED, BYTES, TORCH, CAFFE)
OPTIONS = "--input-range MIN:MAX, or --mean and --std"
_PHOTOGRAPHS = Path(__file__).with_name("photographs")
_DARK, _LIGHT = 0.3, 0.7

# MobileNet V1 and EfficientNet-Lite0 were fed every candidate where each of the others is right. Between 0…255 and the
# ranges around 0…1 the merits differ by half and more, and between 0…255 and "caffe" by 5 % at least; among 0…1, −1…1
# and ImageNet's mean and deviation they differ by less than chance. So a network that takes the last is one for which
# 0…1 and −1…1 do equally well, and is refused for that.
_RANGES = (UNIT, SIGNED, BYTES)
_LEAST_MERIT = 0.15
_MARGIN = 1.25
_MARGIN_TO_CAFFE = 1.04
_MARGIN_OF_TORCH = 2.5


def photographs(image_size: int) -> NDArray[np.float32]:
    """Return photographs of different things, and a dark and a light one: float32 [N, image_size, image_size, 3].

    The values are 0 to 1. Each photograph is followed by its mirror image.
    """
    import numpy as np
    from PIL import Image

    images = []
    for file in sorted(_PHOTOGRAPHS.glob("*.jpg")):
        with Image.open(file) as image:
            resized = image.convert("RGB").resize((image_size, image_size), Image.Resampling.BILINEAR)
        images.append(np.asarray(resized, np.float32) / 255)
    images += [images[0] * _DARK, images[1] * _DARK, 1 - _LIGHT + images[0] * _LIGHT, 1 - _LIGHT + images[1] * _LIGHT]
    return np.stack([each for image in images for each in (image, image[:, ::-1])]).astype(np.float32)


def found_by_trying(run: Run, output: OutputKind, image_size: int) -> Input:
    """Return the input that is clearly the best.

    Args:
        run: Runs the network on images, float32 [N, H, W, 3] in [0, 1], as an input has it.
        output: What its outputs are.
        image_size: The side of the images in pixels.

    Raises:
        ModelError: None is clearly the best; the message names the options that say which one is right.
    """
    images = photographs(image_size)
    merits = {each: _merit(run(each, images), output) for each in CANDIDATES}
    best, second, _ = sorted(_RANGES, key=lambda each: -merits[each])
    is_clear = (
        merits[best] >= _LEAST_MERIT
        and merits[best] >= _MARGIN * merits[second]
        and (best is not BYTES or merits[best] >= _MARGIN_TO_CAFFE * merits[CAFFE])
        and merits[TORCH] <= _MARGIN_OF_TORCH * merits[best]
    )
    if not is_clear:
        raise ModelError(_unclear(merits))
    return best


def _unclear(merits: dict[Input, float]) -> str:
    ranked = sorted(CANDIDATES, key=lambda each: -merits[each])
    most = merits[ranked[0]]
    alike = [str(each) for each in ranked if merits[each] * _MARGIN >= most]
    tried = (
        "none that is known makes sense of photographs"
        if most < _LEAST_MERIT or len(alike) < 2
        else (f"on photographs, {' and '.join(alike)} do about equally well")
    )
    return f"nothing says which numbers the model takes for black and white ({tried}): give {OPTIONS}"


def _merit(outputs: NDArray[np.float32], output: OutputKind) -> float:
    """Return how much the answers say, 0 to 1: the information in them, times how alike mirror images are."""
    import numpy as np

    if not np.isfinite(outputs).all():
        return 0.0
    answers = scores_of(outputs, output)
    # As distributions [N, classes, outcomes]: of one answer in many, or of as many answers as there are classes.
    answers = np.stack([1 - answers, answers], axis=2) if output == "multilabel" else answers[:, np.newaxis]
    information = (_entropy(answers.mean(axis=0)) - _entropy(answers).mean(axis=0)).mean()
    alike = np.sqrt(answers[::2] * answers[1::2]).sum(axis=2).mean()
    return float(alike * information / math.log(min(answers.shape[2], len(answers) // 2)))


def _entropy(distributions: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    entropies: NDArray[np.float64] = -(distributions * np.log(np.maximum(distributions, 1e-12))).sum(axis=-1)
    return entropies
