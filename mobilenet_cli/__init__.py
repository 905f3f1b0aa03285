"""Label images with MobileNet V1 from TensorFlow Hub, offline and fast.

    from mobilenet_cli import Classifier

What is named here is the public API; it is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mobilenet_cli._version import __version__

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier
    from mobilenet_cli.embedder import Embedder
    from mobilenet_cli.errors import ImageError, InputError, MnclassifyError, ModelError, ModelWarning, OutputError
    from mobilenet_cli.images.allowance import Allowance
    from mobilenet_cli.inputs.find import find_sources
    from mobilenet_cli.records import Embedding, Name, Prediction, Result, Source
    from mobilenet_cli.training.trainer import Trained, Trainer

_HOMES = {
    "Allowance": "images.allowance",
    "Classifier": "classifier",
    "Embedder": "embedder",
    "Embedding": "records",
    "ImageError": "errors",
    "InputError": "errors",
    "MnclassifyError": "errors",
    "ModelError": "errors",
    "ModelWarning": "errors",
    "Name": "records",
    "OutputError": "errors",
    "Prediction": "records",
    "Result": "records",
    "Source": "records",
    "Trained": "training.trainer",
    "Trainer": "training.trainer",
    "find_sources": "inputs.find",
}

__all__ = [
    "Allowance",
    "Classifier",
    "Embedder",
    "Embedding",
    "ImageError",
    "InputError",
    "MnclassifyError",
    "ModelError",
    "ModelWarning",
    "Name",
    "OutputError",
    "Prediction",
    "Result",
    "Source",
    "Trained",
    "Trainer",
    "__version__",
    "find_sources",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
