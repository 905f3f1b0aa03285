"""A classifier's outputs → Results with the image's name at several values of `sure`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.postprocess.labelling import Labelling, fields_of
from mobilenet_cli.records import SURE, Decoded, Name, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class NamedResult(Result):
    """A Result of an evaluation, with what the image is called at several values of `sure`.

    Attributes:
        names: The label at each of these values, in their order; None where no name is sure enough. Empty where
            status is "error".
    """

    names: tuple[Name | None, ...]


@dataclass(frozen=True, slots=True)
class LabellingAtEach(Labelling):
    """A Labelling that also names each image at several values of `sure`.

    Attributes:
        sures: Those values, each 0 to 1.
    """

    sures: tuple[float, ...] = (SURE,)

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> list[NamedResult]:
        """Return the NamedResult of each image, with its name at each of `sures`."""
        scores = self.ranking.scores(outputs)
        results = self._results(scores, images, model)
        names = self.naming.names_at(scores, self.sures)
        return [_named(result, row) for result, row in zip(results, names, strict=True)]

    def failure(self, path: str, error: str, model: str) -> NamedResult:
        """Return the NamedResult of an image that cannot be read."""
        return _named(Labelling.failure(self, path, error, model), ())


def _named(result: Result, names: tuple[Name | None, ...]) -> NamedResult:
    return NamedResult(**fields_of(result), names=names)
