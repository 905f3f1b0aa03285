"""The library's front: a model, loaded once, that labels images."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mobilenet_cli.engines import EngineName
from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.errors import InputError
from mobilenet_cli.images.allowance import DEFAULT_ALLOWANCE, Allowance
from mobilenet_cli.images.preprocess import Crop, Preprocessing
from mobilenet_cli.loaded_model import AnySource, LoadedModel, Runner, as_sources
from mobilenet_cli.models import AUTO
from mobilenet_cli.models.acquire import Model, check_takes_temperature
from mobilenet_cli.postprocess.labelling import Labelling
from mobilenet_cli.postprocess.naming import Naming
from mobilenet_cli.postprocess.topk import Limits, TopK, is_temperature
from mobilenet_cli.progress import Progress, silent
from mobilenet_cli.records import SURE, ClassName, Result, Source

if TYPE_CHECKING:
    from mobilenet_cli.pipeline import InHand
    from mobilenet_cli.postprocess.naming_at_each import NamedResult
    from mobilenet_cli.postprocess.outputs import RawOutput

_OneSource = TypeVar("_OneSource", bound=Source)


class Classifier:
    """Labels images.

    >>> from mobilenet_cli import Classifier
    >>> for result in Classifier("auto").classify(["cat.jpg"]):
    ...     print(result.path, result.predictions[0].label)

    Safe to use from several threads: each call of `classify` has its own workers.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = AUTO,
        *,
        engine: EngineName = "auto",
        image_size: int | None = None,
        crop: Crop | None = None,
        labels: str | os.PathLike[str] | None = None,
        temperature: float | None = None,
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
        """Find the model, or fetch and compile it, which happens once and takes seconds.

        Args:
            model: A name ("auto", "mobilenet_v1_100_128", …), a TF Hub handle, or the path of a SavedModel,
                a checkpoint, an archive or a .tflite.
            engine: "litert", "openvino" or "tensorflow"; "auto" is LiteRT where the model compiles, and OpenVINO for
                bfloat16.
            image_size: The side in pixels of the square that the network sees; by default the model's own.
            crop: "center", "squash" or "pad"; by default the model's own.
            labels: A file with a label a line, where the model's own will not do.
            temperature: The divisor of the logits, finite and above 0: above 1 it lowers the scores; by default the
                model's own.
            offline: Ask no source that needs the network.
            progress: Called as long work proceeds, with a text, bytes done and bytes in all (None where unknown).
            network_input: The numbers that a model takes that is given by its path; None: found, with a warning
                where that is by trying alone.
            trust_model: Whether Python code in a model file (a Lambda layer of Keras) may run.
            precision: The type of the numbers that the network multiplies: "float32", "bfloat16" or "int8". Where the
                processor has no instructions for it, it is float32, with a warning. The others change a few labels;
                the model's name ends in "@bfloat16" or "@int8".
            precision_photos: A folder of at least 5 photographs like those to be classified, on which the network is
                rounded to bfloat16 or int8, once; by default those it was rounded on before or, the first time, the
                few that come with this package.
            fast_previews: Whether a preview that a camera wrote into a JPEG is read in place of the picture, where it
                has its shape and enough pixels. That is faster, and wrong where an editor has left an old preview.
            allowance: The memory, pixels and time that decoding images may take.
            runner: Where the images are handled; None: in this process.

        Raises:
            InputError: An argument is out of range.
            ModelError: The model is unavailable or does not fit.

        Warns:
            ModelWarning: Another model or engine than the best is used.
        """
        if temperature is not None and not is_temperature(temperature):
            raise InputError(f"temperature is a number above 0, not {temperature}")
        self._loaded = LoadedModel(
            model,
            "classification",
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
        self.labels: tuple[ClassName, ...] = self.model.labels(Path(labels) if labels is not None else None)
        """The name of each class, in the order of the model's outputs."""
        if temperature is not None:
            check_takes_temperature(self.model)
        self.temperature: float = self.model.temperature if temperature is None else temperature
        """The divisor of the logits."""

    def classify(
        self,
        sources: Iterable[AnySource],
        *,
        top_k: int | None = None,
        threshold: float | None = None,
        sure: float = SURE,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Iterator[Result]:
        """Yield one Result for each of `sources`, in their order, as they are ready.

        An image that cannot be read gives a Result with status "error"; nothing is left out.

        Args:
            sources: Paths of image files, encoded images as bytes, PIL images, arrays (uint8 [height, width], or with
                1, 3 (RGB) or 4 (RGBA) channels), or Sources as `find_sources` makes them of folders and patterns. The
                path of a Result of what has none is "-". It is iterated in another thread.
            top_k: Predictions an image at most; by default 5, or all of a multi-label model.
            threshold: The lowest score that is a prediction, 0 to 1; by default 0, or 0.5 of a multi-label model.
            sure: The score from which a name is given as a Result's `label`, 0 to 1.
            batch_size: Images a call of the network at most; by default what suits the engine.
            workers: Threads; by default as many as there are usable cores.

        Raises:
            InputError: An argument is out of range.
        """
        pairs = self.classify_sources(
            as_sources(sources), top_k=top_k, threshold=threshold, sure=sure, batch_size=batch_size, workers=workers
        )
        return (result for _, result in pairs)

    def classify_sources(
        self,
        sources: Iterable[_OneSource],
        *,
        top_k: int | None = None,
        threshold: float | None = None,
        sure: float = SURE,
        kinds: Sequence[str] = (),
        batch_size: int | None = None,
        workers: int | None = None,
        in_hand: InHand | None = None,
    ) -> Generator[tuple[_OneSource, Result], None, None]:
        """Yield each of `sources`, without its data, with its Result. Otherwise the same as `classify`.

        Args:
            sources: The images.
            top_k: As for `classify`.
            threshold: As for `classify`.
            sure: As for `classify`; also the lowest summed score of a kind that is searched for.
            kinds: Words or wnids to search for. With some, each Result is a SearchedResult.
            batch_size: As for `classify`.
            workers: As for `classify`.
            in_hand: Keeps which Sources are being decoded, for the run after a crash.

        Raises:
            InputError: An argument is out of range, or a kind is unknown.
        """
        if top_k is not None and top_k < 1:
            raise InputError(f"top_k is at least 1, not {top_k}")
        for name, value in (("threshold", threshold), ("sure", sure)):
            if value is not None and not 0 <= value <= 1:
                raise InputError(f"{name} is a number from 0 to 1, not {value}")
        limits = self.limits(top_k, threshold)
        ranking = TopK(self.labels, self.model.network.output, limits.k, limits.threshold, self.temperature)
        labelling = Labelling(ranking, self.naming, sure)
        if kinds:
            from mobilenet_cli.postprocess.searching import SearchByKind

            labelling = SearchByKind(ranking, self.naming, sure, tuple(map(self.naming.classes_of, kinds)))
        return self._loaded.run(sources, labelling, batch_size=batch_size, workers=workers, in_hand=in_hand)

    def limits(self, top_k: int | None = None, threshold: float | None = None) -> Limits:
        """Return how many predictions an image gets at most and the lowest score of one: see `classify`."""
        return Limits.of(self.model.network.output, len(self.labels), top_k, threshold)

    def outputs_of(
        self, sources: Iterable[_OneSource], *, batch_size: int | None = None, workers: int | None = None
    ) -> Iterator[tuple[_OneSource, RawOutput]]:
        """Yield each of `sources`, without its data, with the network's output for it, before any softmax."""
        from mobilenet_cli.postprocess.outputs import RawOutputs

        return self._loaded.run(sources, RawOutputs(), batch_size=batch_size, workers=workers)

    def name_sources(
        self,
        sources: Iterable[_OneSource],
        sures: Sequence[float],
        *,
        top_k: int = 5,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Iterator[tuple[_OneSource, NamedResult]]:
        """Yield each of `sources`, without its data, with its NamedResult: named at each of `sures`, in one run.

        Args:
            sources: The images.
            sures: At least one score from which a name is given, each 0 to 1.
            top_k: As for `classify`.
            batch_size: As for `classify`.
            workers: As for `classify`.

        Raises:
            InputError: An argument is out of range.
        """
        from mobilenet_cli.postprocess.naming_at_each import LabellingAtEach

        ranking = TopK(self.labels, self.model.network.output, top_k, temperature=self.temperature)
        labelling = LabellingAtEach(ranking, self.naming, sures=tuple(sures))
        return self._loaded.run(sources, labelling, batch_size=batch_size, workers=workers)

    @cached_property
    def naming(self) -> Naming:
        """The names of the model's classes, and of the kinds above them."""
        if self.model.network.output == "multilabel":  # whose scores do not add up to a kind's
            return Naming([ClassName("", name.label) for name in self.labels])
        return Naming(self.labels)
