"""A loaded model: the part that Classifier and Embedder, the library's two faces, share."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, get_args

from mobilenet_cli.engines import Engine, EngineName
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import Precision
from mobilenet_cli.errors import InputError
from mobilenet_cli.images.allowance import Allowance
from mobilenet_cli.images.preprocess import Crop, Preprocessing
from mobilenet_cli.models.acquire import Model, acquire
from mobilenet_cli.pipeline import InHand, Postprocessing, Task, run
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

AnySource: TypeAlias = "str | os.PathLike[str] | bytes | Source | Image | NDArray[np.uint8]"
"""A path, an encoded image, a Source, a PIL image, or an array: uint8 [height, width], or [height, width, 1, 3 or 4]
channels, RGB or RGBA. The path of the record of an image without a file is "-"."""

_OneSource = TypeVar("_OneSource", bound=Source)
_Record = TypeVar("_Record")


class Runner(Protocol):
    """Where images go through the steps, if that is not this process: `cluster.runner.RayRunner`."""

    def run(
        self,
        sources: Iterable[_OneSource],
        task: Task[_Record],
        model: Model,
        *,
        batch_size: int | None,
        workers: int | None,
    ) -> Generator[tuple[_OneSource, _Record], None, None]:
        """Yield what `pipeline.run` yields; `model` is the one that the task's engine runs."""
        ...


class LoadedModel:
    """One of a model's networks, its engine, and how images are prepared for it.

    Attributes:
        model: Which model and network.
        preprocessing: How images are prepared for it.
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
        network_input: Input | None,
        trust_model: bool = False,
        precision: Precision,
        precision_photos: str | os.PathLike[str] | None,
        fast_previews: bool,
        allowance: Allowance,
        runner: Runner | None = None,
    ) -> None:
        """Find the model, or fetch and compile it. Arguments, errors and warnings: see Classifier."""
        for name, value, choices in (
            ("engine", engine, EngineName),
            ("crop", crop, Crop),
            ("precision", precision, Precision),
        ):
            if value is not None and value not in get_args(choices):
                raise InputError(f"{name} is one of {', '.join(get_args(choices))}, not {value!r}")
        if (allowance.memory or 0) < 0 or allowance.max_pixels < 0 or not 0 <= allowance.timeout < inf:
            raise InputError("what an allowance has are numbers from 0")
        self.model: Model = acquire(
            os.fspath(model),
            kind=kind,
            engine=engine,
            image_size=image_size,
            offline=offline,
            progress=progress,
            network_input=network_input,
            trust_model=trust_model,
            precision=precision,
            precision_photos=precision_photos,
        )
        manifest = self.model.manifest
        self.preprocessing = Preprocessing(
            self.model.image_size, crop or manifest.crop, manifest.interpolation, fast_previews
        )
        self._allowance = allowance
        self._engine: Engine = self.model.open_engine()
        self._runner = runner

    def run(
        self,
        sources: Iterable[_OneSource],
        postprocessing: Postprocessing[_Record],
        *,
        batch_size: int | None,
        workers: int | None,
        in_hand: InHand | None = None,
    ) -> Generator[tuple[_OneSource, _Record], None, None]:
        """Yield each Source, without its data, with its record, in order and as soon as it is ready.

        Raises:
            InputError: An argument is out of range.
        """
        for name, value in (("batch_size", batch_size), ("workers", workers)):
            if value is not None and value < 1:
                raise InputError(f"{name} is at least 1, not {value}")
        task = Task(self._engine, self.preprocessing, postprocessing, self.model.name, self._allowance, in_hand)
        if self._runner is not None:
            return self._runner.run(sources, task, self.model, batch_size=batch_size, workers=workers)
        return run(sources, task, batch_size=batch_size, workers=workers)


def as_sources(images: Iterable[AnySource]) -> Iterator[Source]:
    """Return an iterator of the Sources that `images` stand for.

    Raises:
        InputError: `images` is one image, and not a list of them.
    """
    if isinstance(images, (str, bytes)):
        raise InputError(f"sources is a list of images: for one, write [{images[:40]!r}]")
    if hasattr(images, "__array_interface__") and getattr(images, "ndim", 3) < 4:
        raise InputError("sources is a list of images: for one, write [image]")
    return map(_source, images)


def _source(source: AnySource) -> Source:
    if isinstance(source, Source):
        return source
    if isinstance(source, bytes):
        return Source("-", data=source)
    if isinstance(source, (str, os.PathLike)):
        return Source(os.fspath(source))
    from mobilenet_cli.images.in_memory import encode

    return Source("-", data=encode(source))  # now: its owner may change it later
