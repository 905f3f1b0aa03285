"""A classifier's outputs → Results: the sure name, its kinds, and the top-k predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mobilenet_cli.postprocess.naming import Naming
from mobilenet_cli.postprocess.topk import TopK
from mobilenet_cli.records import SURE, Decoded, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Labelling:
    """The postprocessing of a classifier.

    Attributes:
        ranking: Makes scores and predictions of the outputs.
        naming: Names of the classes, and of the kinds above them.
        sure: The score from which a name is given, 0 to 1.
    """

    ranking: TopK
    naming: Naming
    sure: float = SURE

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> Sequence[Result]:
        """Return the Result of each image from its row of `outputs`, float32 [N, classes].

        Raises:
            ModelError: Some outputs are not finite numbers: the model is damaged.
        """
        return self._results(self.ranking.scores(outputs), images, model)

    def failure(self, path: str, error: str, model: str) -> Result:
        """Return the Result of an image that cannot be read."""
        return Result(path, "error", None, (), (), error, None, None, None, model)

    def _results(self, scores: NDArray[np.float64], images: Sequence[Decoded], model: str) -> list[Result]:
        names = self.naming(scores, self.sure)
        return [
            Result(
                path=image.path,
                status="ok",
                label=name.label,
                kinds=name.kinds,
                predictions=predictions,
                error=None,
                warning=image.warning,
                width=image.width,
                height=image.height,
                model=model,
            )
            for image, name, predictions in zip(images, names, self.ranking.predictions(scores), strict=True)
        ]


def fields_of(result: Result) -> dict[str, Any]:
    """Return the fields of a Result, for a record that has more of them."""
    return {name: getattr(result, name) for name in Result.__dataclass_fields__}
