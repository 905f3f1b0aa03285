"""A classifier's outputs → Results that say whether the image shows one of the kinds that are searched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mobilenet_cli.postprocess.labelling import Labelling, fields_of
from mobilenet_cli.postprocess.naming import kind_score
from mobilenet_cli.records import Decoded, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SearchedResult(Result):
    """A Result of a search by kind.

    Attributes:
        found: Whether the image shows one of the kinds that were searched for.
    """

    found: bool


@dataclass(frozen=True, slots=True)
class SearchByKind(Labelling):
    """A Labelling that also says which images show one of several kinds.

    Attributes:
        kinds: The indexes of each kind's classes, as `Naming.classes_of` returns them.
    """

    kinds: tuple[NDArray[np.intp], ...] = ()

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> list[SearchedResult]:
        """Return the SearchedResult of each image: found where a kind's summed score is at least `sure`."""
        import numpy as np

        scores = self.ranking.scores(outputs)
        found = np.any([kind_score(scores, classes) >= self.sure for classes in self.kinds], axis=0)
        results = self._results(scores, images, model)
        return [_searched(result, bool(is_found)) for result, is_found in zip(results, found, strict=True)]

    def failure(self, path: str, error: str, model: str) -> SearchedResult:
        """Return the SearchedResult of an image that cannot be read."""
        return _searched(Labelling.failure(self, path, error, model), found=False)


def _searched(result: Result, found: bool) -> SearchedResult:
    return SearchedResult(**fields_of(result), found=found)
