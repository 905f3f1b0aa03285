"""Sources → (source, record): in order, in bounded memory, on all cores. The only place that composes the steps.

A reader thread takes sources from the iterable as they come. Each worker thread shares nothing with the
others: in turn it takes the next few sources that are there, and with them the next place in the row of
records; then it decodes them into its own batch, runs its own session of the engine, and fills its place.
Pillow and LiteRT release the GIL, so threads are enough.

Workers take what is there instead of waiting for a full batch: so the first image is not held up by the
second, and a list of sources that comes slowly down a pipe is answered as it comes. A remote source is there
when it was fetched, which begins as soon as the reader has it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

from mobilenet_cli.engines import Engine
from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.preprocess import Preprocessing, load_image
from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.records import Decoded, Source
from mobilenet_cli.remote.ahead import WINDOW, Arriving, ReadAhead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Batches that may wait for their turn to be yielded, a worker: enough to keep the workers busy while one
# slow image holds up the row, few enough to be no memory.
_WINDOW = 8
_JOIN_SECONDS = 5.0

_Item = TypeVar("_Item")
_AnySource = TypeVar("_AnySource", bound=Source)
_Record = TypeVar("_Record")
_Record_co = TypeVar("_Record_co", covariant=True)
_Pairs = list[tuple[Source, _Record]]


class Postprocessing(Protocol[_Record_co]):
    """Turns the network's outputs into records: predictions (topk.TopK) or feature vectors (features.Features)."""

    def records(self, outputs: NDArray[np.float32], images: Sequence[Decoded], model: str) -> Sequence[_Record_co]:
        """Return the record of each image, in order, from its row of `outputs`, float32 [N, D]."""
        ...

    def failure(self, path: str, error: str, model: str) -> _Record_co:
        """Return the record of an image that cannot be read; `error` is the reason, on one line."""
        ...


@dataclass(frozen=True, slots=True)
class Task(Generic[_Record]):
    """The steps that each image goes through.

    Attributes:
        engine: Runs the network.
        preprocessing: How an image becomes the network's input.
        postprocessing: How the network's outputs become records.
        model: The model's name, for the records.
    """

    engine: Engine
    preprocessing: Preprocessing
    postprocessing: Postprocessing[_Record]
    model: str


def run(
    sources: Iterable[_AnySource], task: Task[_Record], *, batch_size: int | None = None, workers: int | None = None
) -> Generator[tuple[_AnySource, _Record], None, None]:
    """Yield each Source with its one record, in the order of the Sources.

    Close the generator where it may be left early: until then, the threads go on.
    The Source comes back without its `data`, so that a caller who keeps it does not keep the image's bytes.

    Args:
        sources: Iterated in a thread of its own, and only a bounded number of sources ahead.
        task: The steps that each image goes through.
        batch_size: Images a call of the engine at most; the engine's own choice by default.
        workers: Threads that decode and infer; as many as there are usable cores by default.

    Raises:
        ModelError: The engine cannot run the model.
        Exception: Whatever iterating `sources` raised, after the records of the sources before it.
    """
    threads = _Threads(sources, task, batch_size or task.engine.batch_size, workers or usable_cores())
    try:
        while (place := threads.row.get()) is not None:
            yield from cast("list[tuple[_AnySource, _Record]]", place.result())
    finally:
        threads.stop()


@dataclass(frozen=True, slots=True)
class _End:
    """The sources have ended, with an error or without."""

    error: Exception | None = None


class _Threads(Generic[_Record]):
    """The threads of one run, and the queues between them."""

    def __init__(self, sources: Iterable[Source], task: Task[_Record], batch_size: int, workers: int) -> None:
        self._task, self._batch_size = task, batch_size
        self._inbox: queue.Queue[Source | Arriving | _End] = queue.Queue(max(2 * batch_size * workers, WINDOW))
        self._ahead = ReadAhead()
        self._next: Arriving | None = None  # taken from the inbox before it was here
        self.row: queue.Queue[Future[_Pairs[_Record]] | None] = queue.Queue(_WINDOW * workers)
        self._turn = threading.Lock()
        self._end: _End | None = None
        self._stopped = threading.Event()
        # Daemons: a reader that waits for a pipe to say something must not hold up the end of the program.
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for thread in (*self._workers, threading.Thread(target=self._read, args=(sources,), daemon=True)):
            thread.start()

    def stop(self) -> None:
        """End the threads: workers after the batch that they are at, the reader at its next source."""
        self._stopped.set()
        self._ahead.stop()
        while True:  # wakes a worker that waits for a source
            try:
                self._inbox.put_nowait(_End())
                break
            except queue.Full:
                self._inbox.get_nowait()
        deadline = time.monotonic() + _JOIN_SECONDS
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def _read(self, sources: Iterable[Source]) -> None:
        error = None
        try:
            for source in sources:
                self._put(self._inbox, self._ahead.admit(source))
                if self._stopped.is_set():
                    return
        except Exception as raised:  # whoever asked for the records will get it
            error = raised
        self._put(self._inbox, _End(error))

    def _work(self) -> None:
        worker: _Worker[_Record] | None = None
        while (taken := self._take()) is not None:
            place, batch = taken
            try:
                worker = worker or _Worker(self._task, self._batch_size)
                place.set_result(worker.pairs(batch))
            except BaseException as error:  # whatever it is: whoever reads the row waits for this place
                place.set_exception(error)
            self._ahead.give_back(batch)
            batch.clear()  # or its data would be kept until the next

    def _take(self) -> tuple[Future[_Pairs[_Record]], list[Source]] | None:
        """Take the sources that are there, one at least, and the next place in the row; None at the end."""
        with self._turn:
            if self._end is not None or self._stopped.is_set():
                return None
            batch = self._batch()
            place: Future[_Pairs[_Record]] = Future()
            if batch:
                self._put(self.row, place)
            if self._end is not None:
                self._close_row(self._end)
        return (place, batch) if batch else None

    def _batch(self) -> list[Source]:
        batch: list[Source] = []
        while len(batch) < self._batch_size:
            try:
                item = self._next or self._inbox.get(block=not batch)
            except queue.Empty:
                break
            self._next = None
            if isinstance(item, _End):
                self._end = item
                break
            if batch and isinstance(item, Arriving) and not item.is_here():
                self._next = item
                break
            batch.append(item.source() if isinstance(item, Arriving) else item)
        return batch

    def _close_row(self, end: _End) -> None:
        if end.error is not None:
            failed: Future[_Pairs[_Record]] = Future()
            failed.set_exception(end.error)
            self._put(self.row, failed)
        self._put(self.row, None)

    def _put(self, waiting: queue.Queue[_Item], item: _Item) -> None:
        """Put, unless the run stops meanwhile, after which nobody makes room any more."""
        while not self._stopped.is_set():
            try:
                waiting.put(item, timeout=0.2)
            except queue.Full:
                continue
            return


class _Worker(Generic[_Record]):
    """The state of one thread: a session of the engine, and the arrays that images are decoded into."""

    def __init__(self, task: Task[_Record], batch_size: int) -> None:
        import numpy as np

        size = task.preprocessing.image_size
        self._task = task
        self._session = task.engine.session()
        self._pixels = np.empty((size, size, 3), np.uint8)
        self._images = np.empty((batch_size, size, size, 3), np.float32)

    def pairs(self, batch: list[Source]) -> _Pairs[_Record]:
        """Return up to `batch_size` sources, without their data, each with its record."""
        postprocessing, model = self._task.postprocessing, self._task.model
        decoded: list[Decoded] = []
        errors: list[ImageError | None] = []
        for source in batch:
            try:
                decoded.append(self._decoded(source, place=len(decoded)))
            except ImageError as error:
                errors.append(error)
            else:
                errors.append(None)
        outputs = self._session(self._images[: len(decoded)]) if decoded else None
        good = iter(() if outputs is None else postprocessing.records(outputs, decoded, model))
        return [
            (
                source if source.data is None else replace(source, data=None),
                next(good) if error is None else postprocessing.failure(source.path, str(error), model),
            )
            for source, error in zip(batch, errors, strict=True)
        ]

    def _decoded(self, source: Source, *, place: int) -> Decoded:
        """Load one image to its place in the batch."""
        import numpy as np

        loaded = load_image(source, self._task.preprocessing, self._pixels)
        np.multiply(self._pixels, np.float32(1 / 255), out=self._images[place])
        return Decoded(source.path, loaded.width, loaded.height, loaded.warning)
