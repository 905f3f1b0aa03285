"""Records as the pipeline yields them. Only this module of the tests names all their fields."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from mobilenet_cli.postprocess.naming_at_each import NamedResult
from mobilenet_cli.records import Embedding, Name, Prediction, Result


def prediction(label: str, score: float = 0.5, *, rank: int = 1, index: int = 0, wnid: str = "") -> Prediction:
    """Return one class of a Result; give `rank` to all but the best one."""
    return Prediction(rank=rank, index=index, wnid=wnid, label=label, score=score)


def name(label: str, score: float = 0.9, *, wnid: str = "") -> Name:
    """Return a name of an image: its sure label, or one of its kinds."""
    return Name(wnid, label, score)


def result_of(
    path: str = "a.jpg",
    predictions: Iterable[Prediction] = (),
    *,
    label: Name | None = None,
    kinds: Iterable[Name] = (),
    warning: str | None = None,
    width: int = 32,
    height: int = 32,
    model: str = "m",
) -> Result:
    """Return the Result of an image that was classified."""
    return Result(
        path=path,
        status="ok",
        label=label,
        kinds=tuple(kinds),
        predictions=tuple(predictions),
        error=None,
        warning=warning,
        width=width,
        height=height,
        model=model,
    )


def failed_result(path: str = "a.jpg", error: str = "no such file", *, model: str = "m") -> Result:
    """Return the Result of an image that could not be read, for the reason `error`."""
    return Result(
        path=path,
        status="error",
        label=None,
        kinds=(),
        predictions=(),
        error=error,
        warning=None,
        width=None,
        height=None,
        model=model,
    )


def with_names(result: Result, names: Iterable[Name | None] = ()) -> NamedResult:
    """Return the record of an image of an evaluation, with its name at each `sure`."""
    fields = {name: getattr(result, name) for name in Result.__dataclass_fields__}
    return NamedResult(**fields, names=tuple(names))


def embedding_of(
    path: str,
    vector: ArrayLike,
    *,
    warning: str | None = None,
    width: int = 32,
    height: int = 32,
    model: str = "net",
) -> Embedding:
    """Return the Embedding of an image whose features are `vector`, [features], made float32."""
    return Embedding(
        path=path,
        status="ok",
        vector=np.asarray(vector, np.float32),
        error=None,
        warning=warning,
        width=width,
        height=height,
        model=model,
    )


def failed_embedding(path: str, error: str = "no such file", *, model: str = "net") -> Embedding:
    """Return the Embedding of an image that could not be read, for the reason `error`."""
    return Embedding(
        path=path, status="error", vector=None, error=error, warning=None, width=None, height=None, model=model
    )
