"""A model that is loaded: what the library's fronts, Classifier and Embedder, have in common."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TypeVar, get_args

from mobilenet_cli.engines import Engine, EngineName
from mobilenet_cli.errors import InputError
from mobilenet_cli.images.preprocess import Crop, Preprocessing
from mobilenet_cli.models.acquire import Model, acquire
from mobilenet_cli.pipeline import Head, Task, run
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind, Source

AnySource = str | os.PathLike[str] | bytes | Source
"""A path, an encoded image (its record's path is "-"), or a Source."""

_Record = TypeVar("_Record")


class LoadedModel:
    """One of a model's networks, its engine, and how images are prepared for it.

    Attributes:
        model: Which model and network.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        kind: NetworkKind,
        *,
        engine: EngineName,
        image_size: int | None,
        crop: Crop | None,
        offline: bool,
        progress: Progress,
    ) -> None:
        """Find the model, or fetch and compile it. Arguments, errors and warnings: see Classifier."""
        for name, value, choices in (("engine", engine, EngineName), ("crop", crop, Crop)):
            if value is not None and value not in get_args(choices):
                raise InputError(f"{name} is one of {', '.join(get_args(choices))}, not {value!r}")
        self.model: Model = acquire(
            os.fspath(model),
            kind=kind,
            engine=engine,
            image_size=image_size,
            offline=offline,
            progress=progress,
        )
        manifest = self.model.manifest
        self._preprocessing = Preprocessing(self.model.image_size, crop or manifest.crop, manifest.interpolation)
        self._engine: Engine = self.model.open_engine()

    def run(
        self,
        sources: Iterable[AnySource],
        head: Head[_Record],
        *,
        batch_size: int | None,
        workers: int | None,
    ) -> Iterator[_Record]:
        """Yield one record of `head` for each of `sources`, in their order, as they are ready.

        Raises:
            InputError: An argument is out of range.
        """
        if isinstance(sources, (str, bytes)):
            raise InputError(f"sources is a list of images: for one, write [{sources[:40]!r}]")
        for name, value in (("batch_size", batch_size), ("workers", workers)):
            if value is not None and value < 1:
                raise InputError(f"{name} is at least 1, not {value}")
        task = Task(self._engine, self._preprocessing, head, self.model.name)
        return run(map(_source, sources), task, batch_size=batch_size, workers=workers)


def _source(source: AnySource) -> Source:
    if isinstance(source, Source):
        return source
    if isinstance(source, bytes):
        return Source("-", data=source)
    return Source(os.fspath(source))
