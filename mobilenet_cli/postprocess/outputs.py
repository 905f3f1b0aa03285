"""A network's outputs as they are, to fit a temperature to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mobilenet_cli.records import Decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class RawOutput:
    """The record of one image.

    Attributes:
        output: The network's output, float32 [classes]; None for an image that cannot be read.
    """

    output: NDArray[np.float32] | None

    @property
    def status(self) -> Literal["ok", "error"]:
        """Whether the image could be read."""
        return "error" if self.output is None else "ok"


@dataclass(frozen=True, slots=True)
class RawOutputs:
    """The postprocessing that leaves outputs as they are."""

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> list[RawOutput]:
        """Return a copy of each image's row of `outputs`, float32 [N, classes]."""
        return [RawOutput(row.copy()) for row in outputs]

    def failure(self, path: str, error: str, model: str) -> RawOutput:
        """Return the record of an image that cannot be read."""
        return RawOutput(None)
