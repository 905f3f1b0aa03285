"""The library's other front: a model, loaded once, that turns images into feature vectors."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

from mobilenet_cli.engines import EngineName
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.errors import ModelError
from mobilenet_cli.images.allowance import DEFAULT_ALLOWANCE, Allowance
from mobilenet_cli.images.preprocess import Crop, Preprocessing
from mobilenet_cli.loaded_model import AnySource, LoadedModel, Runner, as_sources
from mobilenet_cli.models import AUTO
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.pipeline import InHand
from mobilenet_cli.postprocess.features import Features
from mobilenet_cli.progress import Progress, silent
from mobilenet_cli.records import Embedding, Source

_OneSource = TypeVar("_OneSource", bound=Source)

# With and without a background class. No MobileNet V1, EfficientNet or ResNet has so many features.
_IMAGENET_CLASSES = (1000, 1001)


class Embedder:
    """Turns images into feature vectors: what the network knows of an image before it decides on a class.

    >>> from mobilenet_cli import Embedder
    >>> for embedding in Embedder("auto").embed(["cat.jpg"]):
    ...     print(embedding.path, embedding.vector.shape)

    Safe to use from several threads: each call of `embed` has its own workers.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = AUTO,
        *,
        engine: EngineName = "auto",
        image_size: int | None = None,
        crop: Crop | None = None,
        offline: bool = False,
        progress: Progress = silent,
        network_input: Input | None = None,
        trust_model: bool = False,
        precision: Precision = DEFAULT,
        precision_photos: str | os.PathLike[str] | None = None,
        fast_previews: bool = False,
        allowance: Allowance = DEFAULT_ALLOWANCE,
        runner: Runner | None = None,
    ) -> None:
        """Find the model's feature vector network, or fetch and compile it, which happens once.

        Arguments, errors and warnings are those of `Classifier`. A TF Hub handle of a classifier stands for
        the feature vector module beside it.

        Raises:
            InputError: An argument is out of range.
            ModelError: The model is unavailable, or puts out classes instead of features.
        """
        self._loaded = LoadedModel(
            model,
            "feature_vector",
            engine=engine,
            image_size=image_size,
            crop=crop,
            offline=offline,
            progress=progress,
            network_input=network_input,
            trust_model=trust_model,
            precision=precision,
            precision_photos=precision_photos,
            fast_previews=fast_previews,
            allowance=allowance,
            runner=runner,
        )
        self.model: Model = self._loaded.model
        self.preprocessing: Preprocessing = self._loaded.preprocessing
        """How images are prepared for the network."""
        if self.width in _IMAGENET_CLASSES:
            raise ModelError(
                f"{self.model.name} puts out {self.width:,} numbers an image: the classes of ImageNet, not features; "
                "give the SavedModel that puts out its features, or a model by name"
            )

    @property
    def width(self) -> int:
        """How many features a vector has: 1024 × depth multiplier for MobileNet V1, 1280 for EfficientNet-Lite0."""
        return self.model.network.width

    def embed(
        self,
        sources: Iterable[AnySource],
        *,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Iterator[Embedding]:
        """Yield one Embedding for each of `sources`, in their order, as they are ready.

        An image that cannot be read gives an Embedding with status "error"; nothing is left out.

        Args:
            sources: As `Classifier.classify` takes them.
            batch_size: Images a call of the network at most; by default what suits the engine.
            workers: Threads; by default as many as there are usable cores.

        Raises:
            InputError: An argument is out of range.
        """
        pairs = self.embed_sources(as_sources(sources), batch_size=batch_size, workers=workers)
        return (embedding for _, embedding in pairs)

    def embed_sources(
        self,
        sources: Iterable[_OneSource],
        *,
        batch_size: int | None = None,
        workers: int | None = None,
        in_hand: InHand | None = None,
    ) -> Generator[tuple[_OneSource, Embedding], None, None]:
        """Yield each of `sources`, without its data, with its Embedding. Otherwise the same as `embed`."""
        return self._loaded.run(sources, Features(), batch_size=batch_size, workers=workers, in_hand=in_hand)
