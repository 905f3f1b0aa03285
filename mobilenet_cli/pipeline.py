"""Sources → Results: in order, in bounded memory, on all cores. The only place that composes the steps.

A reader thread takes sources from the iterable as they come. Each worker thread shares nothing with the
others: in turn it takes the next few sources that are there, and with them the next place in the row of
results; then it decodes them into its own batch, runs its own session of the engine, and fills its place.
Pillow and LiteRT release the GIL, so threads are enough.

Workers take what is there instead of waiting for a full batch: so the first image is not held up by the
second, and a list of sources that comes slowly down a pipe is answered as it comes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from mobilenet_cli.cores import usable_cores
from mobilenet_cli.engines import Engine
from mobilenet_cli.errors import ImageError
from mobilenet_cli.preprocess import Preprocessing, load_image
from mobilenet_cli.records import Prediction, Result, Source
from mobilenet_cli.topk import TopK

# Batches that may wait for their turn to be yielded, a worker: enough to keep the workers busy while one
# slow image holds up the row, few enough to be no memory.
_WINDOW = 8
_JOIN_SECONDS = 5.0

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Task:
    """What is done to each image.

    Attributes:
        engine: Runs the network.
        preprocessing: How an image becomes the network's input.
        top_k: How the network's outputs become predictions.
        model: The model's name, for the records.
    """

    engine: Engine
    preprocessing: Preprocessing
    top_k: TopK
    model: str


def classify(
    sources: Iterable[Source], task: Task, *, batch_size: int | None = None, workers: int | None = None
) -> Iterator[Result]:
    """Yield one Result a Source, in the order of the Sources.

    Args:
        sources: Iterated in a thread of its own, and only a bounded number of sources ahead.
        task: What to do to each.
        batch_size: Images a call of the engine at most; by default what the engine likes.
        workers: Threads that decode and infer; by default as many as there are usable cores.

    Raises:
        ModelError: The engine cannot run the model.
        Exception: What iterating `sources` raised, after the Results of the sources before it.
    """
    run = _Run(sources, task, batch_size or task.engine.batch_size, workers or usable_cores())
    try:
        while (place := run.row.get()) is not None:
            yield from place.result()
    finally:
        run.stop()


@dataclass(frozen=True, slots=True)
class _End:
    """The sources have ended, with an error or without."""

    error: Exception | None = None


class _Run:
    """The threads of one run, and what passes between them."""

    def __init__(self, sources: Iterable[Source], task: Task, batch_size: int, workers: int) -> None:
        self._task, self._batch_size = task, batch_size
        self._inbox: queue.Queue[Source | _End] = queue.Queue(2 * batch_size * workers)
        self.row: queue.Queue[Future[list[Result]] | None] = queue.Queue(_WINDOW * workers)
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
        while True:  # wakes a worker that waits for a source
            try:
                self._inbox.put_nowait(_End())
                break
            except queue.Full:
                self._inbox.get_nowait()
        for worker in self._workers:
            worker.join(_JOIN_SECONDS)

    def _read(self, sources: Iterable[Source]) -> None:
        error = None
        try:
            for source in sources:
                self._put(self._inbox, source)
                if self._stopped.is_set():
                    return
        except Exception as raised:  # whoever asked for the results will get it
            error = raised
        self._put(self._inbox, _End(error))

    def _work(self) -> None:
        worker: _Worker | None = None
        while (taken := self._take()) is not None:
            place, batch = taken
            try:
                worker = worker or _Worker(self._task, self._batch_size)
                place.set_result(worker.classify(batch))
            except BaseException as error:  # whatever it is: whoever reads the row waits for this place
                place.set_exception(error)

    def _take(self) -> tuple[Future[list[Result]], list[Source]] | None:
        """Take the sources that are there, one at least, and the next place in the row; None at the end."""
        with self._turn:
            if self._end is not None:
                return None
            batch = self._batch()
            place: Future[list[Result]] = Future()
            if batch:
                self._put(self.row, place)
            if self._end is not None:
                self._close_row(self._end)
        return (place, batch) if batch else None

    def _batch(self) -> list[Source]:
        batch: list[Source] = []
        while len(batch) < self._batch_size:
            try:
                item = self._inbox.get(block=not batch)
            except queue.Empty:
                break
            if isinstance(item, _End):
                self._end = item
                break
            batch.append(item)
        return batch

    def _close_row(self, end: _End) -> None:
        if end.error is not None:
            failed: Future[list[Result]] = Future()
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


class _Worker:
    """What one thread owns: a session of the engine, and the arrays that images are decoded into."""

    def __init__(self, task: Task, batch_size: int) -> None:
        import numpy as np

        size = task.preprocessing.image_size
        self._task = task
        self._session = task.engine.session()
        self._pixels = np.empty((size, size, 3), np.uint8)
        self._images = np.empty((batch_size, size, size, 3), np.float32)

    def classify(self, batch: list[Source]) -> list[Result]:
        """Return the Results of up to `batch_size` sources."""
        import numpy as np

        sizes: list[tuple[int, int] | ImageError] = []
        count = 0
        for source in batch:
            try:
                sizes.append(load_image(source, self._task.preprocessing, self._pixels))
            except ImageError as error:
                sizes.append(error)
            else:
                np.multiply(self._pixels, np.float32(1 / 255), out=self._images[count])
                count += 1
        predictions = iter(self._predictions(count) if count else ())
        return [
            self._result(source, size, () if isinstance(size, ImageError) else next(predictions))
            for source, size in zip(batch, sizes, strict=True)
        ]

    def _predictions(self, count: int) -> list[tuple[Prediction, ...]]:
        return self._task.top_k.predictions(self._session(self._images[:count]))

    def _result(
        self, source: Source, size: tuple[int, int] | ImageError, predictions: tuple[Prediction, ...]
    ) -> Result:
        if isinstance(size, ImageError):
            return Result(source.path, "error", (), str(size), None, None, self._task.model)
        return Result(source.path, "ok", predictions, None, *size, self._task.model)
