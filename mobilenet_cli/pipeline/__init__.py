"""Sources → (source, record): in order, in bounded memory, on all cores. The only place that composes the steps.

A reader thread takes sources from the iterable as they come. Each worker thread shares nothing with the
others: in turn it takes the next few sources that are there, and with them the next place in the row of
records; then it decodes them into its own batch, runs its own session of the engine, and fills its place.
Pillow and LiteRT release the GIL, so threads are enough.

Workers take what is there instead of waiting for a full batch: so the first image is not held up by the
second, and a list of sources that comes slowly down a pipe is answered as it comes. A remote source is there
when it was fetched, which begins as soon as the reader has it.

What images may take, memory and time, is an Allowance: `images.allowance`. A thread whose image takes too long cannot
be ended, since it is in a decoder's C code. It is left behind with that image (`watch`), another one goes on with the
worker's batch, and neither the end of the run nor that of the program waits for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from mobilenet_cli.images.allowance import Guard, keep_to
from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.pipeline.row import Row
from mobilenet_cli.pipeline.watch import Watch, leave_behind
from mobilenet_cli.pipeline.worker import Batch, Decoder, InHand, Pairs, Postprocessing, Task, Worker
from mobilenet_cli.records import Source
from mobilenet_cli.remote.ahead import WINDOW, Arriving, ReadAhead

__all__ = ["InHand", "Postprocessing", "Task", "run"]

_JOIN_SECONDS = 5.0

_AnySource = TypeVar("_AnySource", bound=Source)
_Record = TypeVar("_Record")


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
        while (pairs := threads.row.take()) is not None:
            yield from cast("list[tuple[_AnySource, _Record]]", pairs)
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
        self.row: Row[Pairs[_Record]] = Row(workers)
        self._turn = threading.Lock()
        self._end: _End | None = None
        self._stopped = threading.Event()
        self._budget = task.allowance.budget()
        self._watch: Watch[_Record] = Watch(task.allowance.timeout, self._go_on)
        self._workers: list[threading.Thread] = []
        for _ in range(workers):
            self._start(None, None)
        # Daemons: a reader that waits for a pipe to say something must not hold up the end of the program.
        threading.Thread(target=self._read, args=(sources,), daemon=True).start()

    def stop(self) -> None:
        """End the threads: workers after the batch that they are at, the reader at its next source."""
        self._stopped.set()
        self._watch.stop()
        self._ahead.stop()
        self.row.stop()
        while True:  # wakes a worker that waits for a source
            try:
                self._inbox.put_nowait(_End())
                break
            except queue.Full:
                self._inbox.get_nowait()
        deadline = time.monotonic() + _JOIN_SECONDS
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.is_alive():
                leave_behind(worker)

    def _read(self, sources: Iterable[Source]) -> None:
        error = None
        try:
            for source in sources:
                self._put(self._ahead.admit(source))
                if self._stopped.is_set():
                    return
        except Exception as raised:  # whoever asked for the records will get it
            error = raised
        self._put(_End(error))

    def _start(self, worker: Worker[_Record] | None, batch: Batch[_Record] | None) -> None:
        """Start a thread, which goes on with a worker and its batch if there are some already."""
        thread = threading.Thread(target=self._work, args=(worker, batch), daemon=True)
        self._workers.append(thread)
        thread.start()

    def _go_on(self, worker: Worker[_Record], batch: Batch[_Record], behind: threading.Thread) -> None:
        """Leave a thread behind, and go on in another."""
        self._workers.remove(behind)
        self._start(worker, batch)

    def _work(self, worker: Worker[_Record] | None, batch: Batch[_Record] | None) -> None:
        guard = Guard(self._task.allowance.max_pixels, self._budget)
        keep_to(guard)
        decoder = Decoder(
            self._task.preprocessing, guard, isolate=self._task.allowance.isolate, in_hand=self._task.in_hand
        )
        try:
            self._work_with(decoder, guard, worker, batch)
        finally:
            decoder.close()

    def _work_with(
        self, decoder: Decoder, guard: Guard, worker: Worker[_Record] | None, batch: Batch[_Record] | None
    ) -> None:
        while (batch := batch or self._take()) is not None:
            try:
                worker = worker or Worker(self._task, self._batch_size)
                with self._watch.over(worker, batch, guard):
                    if not worker.decode(batch, decoder):
                        return
                batch.place.set_result(worker.pairs(batch))
            except BaseException as error:  # whatever it is: whoever reads the row waits for this place
                if guard.is_left_behind:
                    return
                batch.place.set_exception(error)
            self._ahead.give_back(batch.sources)
            batch = None  # or its data would be kept until the next

    def _take(self) -> Batch[_Record] | None:
        """Take the sources that are there, one at least, and the next place in the row; None at the end."""
        with self._turn:
            if self._end is not None or self._stopped.is_set():
                return None
            sources = self._sources()
            batch: Batch[_Record] = Batch(sources, Future())
            if sources:
                self.row.put(batch.place)
            if self._end is not None:
                self._close_row(self._end)
        return batch if sources else None

    def _sources(self) -> list[Source]:
        sources: list[Source] = []
        while len(sources) < self._batch_size:
            try:
                item = self._next or self._inbox.get(block=not sources)
            except queue.Empty:
                break
            self._next = None
            if isinstance(item, _End):
                self._end = item
                break
            if sources and isinstance(item, Arriving) and not item.is_here():
                self._next = item
                break
            sources.append(item.source() if isinstance(item, Arriving) else item)
        return sources

    def _close_row(self, end: _End) -> None:
        if end.error is not None:
            failed: Future[Pairs[_Record]] = Future()
            failed.set_exception(end.error)
            self.row.put(failed)
        self.row.put(None)

    def _put(self, item: Source | Arriving | _End) -> None:
        """Put, unless the run stops meanwhile, after which nobody makes room any more."""
        while not self._stopped.is_set():
            try:
                self._inbox.put(item, timeout=0.2)
            except queue.Full:
                continue
            return
