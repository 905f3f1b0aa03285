"""Pooled features → Embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.errors import ModelError
from mobilenet_cli.records import Decoded, Embedding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Features:
    """The postprocessing of a feature vector network: its outputs are the vectors."""

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> list[Embedding]:
        """Return the Embedding of each image, whose vector is its row of `outputs`, float32 [N, features].

        Raises:
            ModelError: Some outputs are not finite numbers: the model is damaged.
        """
        import numpy as np

        if not np.isfinite(outputs).all():
            raise ModelError("the model's outputs are not finite numbers; its weights are damaged")
        return [
            Embedding(image.path, "ok", vector, None, image.warning, image.width, image.height, model)
            for image, vector in zip(images, outputs, strict=True)
        ]

    def failure(self, path: str, error: str, model: str) -> Embedding:
        """Return the Embedding of an image that cannot be read."""
        return Embedding(path, "error", None, error, None, None, None, model)
