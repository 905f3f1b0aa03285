"""A classifier's outputs → Results: the sure name, its kinds, and the top-k predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mobilenet_cli.postprocess.naming import Naming, kind_score
from mobilenet_cli.postprocess.topk import TopK
from mobilenet_cli.records import SURE, Decoded, Name, NamedResult, Result, SearchedResult

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


def _searched(result: Result, found: bool) -> SearchedResult:
    return SearchedResult(**_fields(result), found=found)


def _named(result: Result, names: tuple[Name | None, ...]) -> NamedResult:
    return NamedResult(**_fields(result), names=names)


def _fields(result: Result) -> dict[str, Any]:
    return {name: getattr(result, name) for name in Result.__dataclass_fields__}
