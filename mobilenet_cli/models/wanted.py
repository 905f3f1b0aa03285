"""The network that is wanted of a model, and whether the model has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.models.manifest import Compiled, Manifest
from mobilenet_cli.models.variants import Photographs, has_variant
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """The network that is wanted of a model.

    Attributes:
        kind: Which of its networks.
        image_size: The side of its images in pixels; None: the model's own.
        compiled: Whether it must be compiled for that size.
        offline: Ask no server for it.
        progress: Called as long work proceeds.
        precision: At which precision it is to run; of each but float32 it has a file beside the float32 one.
        photographs: On which that file is made; None: those it was made on before, or this package's.
    """

    kind: NetworkKind
    image_size: int | None
    compiled: bool
    offline: bool
    progress: Progress
    precision: Precision = DEFAULT
    photographs: Photographs | None = None

    def is_in(self, manifest: Manifest | None) -> TypeGuard[Manifest]:
        """Return whether a model has the network: compiled if it must be, and of the precision."""
        return self.is_compiled_in(manifest) and has_variant(
            self._compiled_in(manifest), self.precision, self.photographs
        )

    def is_compiled_in(self, manifest: Manifest | None) -> TypeGuard[Manifest]:
        """Return whether a model has the network, compiled if it must be."""
        if manifest is None or self.kind not in manifest.networks:
            return False
        return not self.compiled or self._compiled_in(manifest) is not None

    def size_in(self, manifest: Manifest) -> int:
        """Return the side of the images in pixels."""
        return self.image_size or manifest.image_size

    def _compiled_in(self, manifest: Manifest) -> Compiled | None:
        return manifest.networks[self.kind].compiled.get(str(self.size_in(manifest)))
