"""One worker: it decodes a batch of Sources, one after the other, and runs the network on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from mobilenet_cli.engines import Engine, Session
from mobilenet_cli.errors import CrashError, ImageError, ModelError
from mobilenet_cli.images.allowance import DEFAULT_ALLOWANCE, Allowance, Guard
from mobilenet_cli.images.preprocess import Loaded, Preprocessing, load_image
from mobilenet_cli.records import Decoded, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.images.isolated import IsolatedDecoder

_Record = TypeVar("_Record")
_Record_co = TypeVar("_Record_co", covariant=True)
_NOT_FINITE = "the network's outputs for it are not finite numbers"
Pairs = list[tuple[Source, _Record]]


class Postprocessing(Protocol[_Record_co]):
    """Turns the network's outputs into records: predictions (topk.TopK) or feature vectors (features.Features)."""

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> Sequence[_Record_co]:
        """Return the record of each image, in order, from its row of `outputs`, float32 [N, D]."""
        ...

    def failure(self, path: str, error: str, model: str) -> _Record_co:
        """Return the record of an image that cannot be read; `error` is the reason, on one line."""
        ...


class InHand(Protocol):
    """Keeps which Sources are being decoded, for the run after a crash: files.in_hand.ImagesInHand."""

    def place(self) -> Callable[[str], None]:
        """Return what notes the key of the Source that one worker takes in hand."""
        ...

    def is_suspect(self, key: str) -> bool:
        """Return whether an earlier run had the Source of this key in hand when it crashed."""
        ...


@dataclass(frozen=True, slots=True)
class Task(Generic[_Record]):
    """The steps that each image goes through.

    Attributes:
        engine: Runs the network.
        preprocessing: How an image becomes the network's input.
        postprocessing: How the network's outputs become records.
        model: The model's name, for the records.
        allowance: What decoding the images may take.
        in_hand: Keeps which Sources are being decoded; None: nothing does.
    """

    engine: Engine
    preprocessing: Preprocessing
    postprocessing: Postprocessing[_Record]
    model: str
    allowance: Allowance = DEFAULT_ALLOWANCE
    in_hand: InHand | None = None


@dataclass(slots=True)
class Batch(Generic[_Record]):
    """Sources on their way through one worker.

    Attributes:
        sources: The Sources.
        place: Where their records are waited for.
        outcomes: What became of the first of them so far: an image in the worker's batch, or an error.
    """

    sources: list[Source]
    place: Future[Pairs[_Record]]
    outcomes: list[Decoded | ImageError] = field(default_factory=list)

    @property
    def in_hand(self) -> Source | None:
        """The Source whose turn it is, None at the end."""
        return self.sources[len(self.outcomes)] if len(self.outcomes) < len(self.sources) else None


class Worker(Generic[_Record]):
    """A session of the engine, and the array that images of a batch are collected in. One thread at a time uses it."""

    def __init__(self, task: Task[_Record], batch_size: int) -> None:
        import numpy as np

        size = task.preprocessing.image_size
        self._task = task
        self._session = task.engine.session()
        self._images = np.empty((batch_size, size, size, 3), np.float32)

    def decode(self, batch: Batch[_Record], decoder: Decoder) -> bool:
        """Decode what is left of a batch; return False as soon as an image was left behind.

        Whoever left it behind has put an error in its place, and another thread goes on with the batch.
        """
        import numpy as np

        while (source := batch.in_hand) is not None:
            outcome = decoder.outcome(source)
            if outcome is None:
                return False
            if isinstance(outcome, Decoded):
                place = sum(isinstance(each, Decoded) for each in batch.outcomes)
                np.multiply(decoder.pixels, np.float32(1 / 255), out=self._images[place])
            batch.outcomes.append(outcome)
        return True

    def pairs(self, batch: Batch[_Record]) -> Pairs[_Record]:
        """Return the Sources of a decoded batch, without their data, each with its record."""
        postprocessing, model = self._task.postprocessing, self._task.model
        outputs = self._outputs(batch)
        decoded = [each for each in batch.outcomes if isinstance(each, Decoded)]
        good = iter(postprocessing.records(outputs, decoded, model) if decoded else ())
        return [
            (
                source if source.data is None else replace(source, data=None),
                next(good)
                if isinstance(outcome, Decoded)
                else postprocessing.failure(source.path, str(outcome), model),
            )
            for source, outcome in zip(batch.sources, batch.outcomes, strict=True)
        ]

    def _outputs(self, batch: Batch[_Record]) -> NDArray[np.float32]:
        """Run the network on a decoded batch, and put errors in the places of images for which that gives no numbers.

        Raises:
            ModelError: It gives none for photographs either: it is damaged.
        """
        import numpy as np

        count = sum(isinstance(each, Decoded) for each in batch.outcomes)
        outputs = self._session(self._images[:count]) if count else np.empty((0, 0), np.float32)
        finite = np.asarray(np.isfinite(outputs).all(axis=1))
        if finite.all():
            return outputs
        check_gives_numbers(self._session, self._images.shape[1])
        is_finite = iter(finite)
        batch.outcomes[:] = [
            each if isinstance(each, ImageError) or next(is_finite) else ImageError(_NOT_FINITE)
            for each in batch.outcomes
        ]
        return outputs[finite]


def check_gives_numbers(session: Session, image_size: int) -> None:
    """Check that a network gives finite numbers for at least one of several photographs.

    Raises:
        ModelError: It does not: its weights are damaged.
    """
    import numpy as np

    from mobilenet_cli.in_tensorflow.trying import photographs

    for photograph in photographs(image_size):
        if np.isfinite(session(photograph[np.newaxis])).all():
            return
    raise ModelError("the model's outputs are not finite numbers; its weights are damaged")


class Decoder:
    """What one thread decodes with.

    Attributes:
        pixels: The image that was decoded last, uint8 [size, size, 3].
        guard: What an image may take.
    """

    def __init__(
        self, preprocessing: Preprocessing, guard: Guard, *, isolate: bool = False, in_hand: InHand | None = None
    ) -> None:
        import numpy as np

        self._isolate, self._in_hand = isolate, in_hand
        self._note = None if in_hand is None else in_hand.place()
        self._child: IsolatedDecoder | None = None
        size = preprocessing.image_size
        self._preprocessing = preprocessing
        self.guard = guard
        self.pixels = np.empty((size, size, 3), np.uint8)

    def outcome(self, source: Source) -> Decoded | ImageError | None:
        """Load one image into `pixels`, and return what is known of it, or its error; None: it was left behind."""
        loaded: Loaded | ImageError
        is_suspect = False
        if self._note is not None and self._in_hand is not None:
            self._note(source.key)
            is_suspect = self._in_hand.is_suspect(source.key)
        self.guard.begin()
        try:
            load = self._isolated if self._isolate or is_suspect else load_image
            loaded = load(source, self._preprocessing, self.pixels)
        except CrashError as error:
            loaded = ImageError(f"the last run ended while this was decoded, and {error}") if is_suspect else error
        except ImageError as error:
            loaded = error
        finally:
            is_in_time = self.guard.end()
        if not is_in_time:
            return None
        if isinstance(loaded, ImageError):
            return loaded.with_traceback(None)  # which holds the frames, and with them the image
        return Decoded(source.path, loaded.width, loaded.height, loaded.warning)

    def _isolated(self, source: Source, preprocessing: Preprocessing, out: NDArray[np.uint8]) -> Loaded:
        """Load one image in another process; as `load_image`."""
        if self._child is None:
            from mobilenet_cli.images.isolated import IsolatedDecoder

            self._child = IsolatedDecoder()
            self.guard.give_up = self._child.kill
        return self._child.load(source, preprocessing, out)

    def close(self) -> None:
        """End the process that decodes, if there is one."""
        if self._child is not None:
            self._child.close()
