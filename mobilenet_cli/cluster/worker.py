"""What runs on the machines of the cluster: an actor that turns groups of sources into their records.

Groups come and records go as rows of bytes, pickled by this program on the other side. An error that ends the run is
such a row too: raised here, it would reach the user wrapped by Ray.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from functools import cached_property
from itertools import chain, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli._version import __version__
from mobilenet_cli.cluster.job import Job, Pair
from mobilenet_cli.errors import InputError, MnclassifyError, ModelError, OutputError
from mobilenet_cli.images.preprocess import silence_decoder_warnings
from mobilenet_cli.inputs.archives.whole import WholeArchive
from mobilenet_cli.pipeline import Task, run
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    import pyarrow as pa

    from mobilenet_cli.engines import Engine, Session

_PAIRS = 64
"""Records that go back at a time: those of a large archive do not wait for its end."""


class Worker:
    """The actor.

    Args:
        job: The reference to the Job in Ray's object store.
    """

    def __init__(self, job: Any) -> None:
        self._reference = job

    def __call__(self, groups: pa.Table) -> Iterator[pa.Table]:
        """Yield rows of the records of some groups, at least one a group: see `table_of_records`."""
        import ray

        node = ray.get_runtime_context().get_node_id()
        for number, sources in zip(groups["number"].to_pylist(), groups["sources"].to_pylist(), strict=True):
            try:
                for pairs in self._records(number, pickle.loads(sources)):  # noqa: S301 - `groups` pickled them
                    yield table_of_records(number, node, pairs)
            except MnclassifyError as error:
                kind = next((each for each in (InputError, OutputError) if isinstance(error, each)), ModelError)
                yield table_of_records(number, node, kind(str(error)))

    def _records(self, number: int, group: list[Source]) -> Iterator[list[Pair]]:
        job, task = self._job, self._task
        sources = chain.from_iterable(map(_opened, group))

        def records(wanted: Iterable[Source]) -> Generator[Pair, None, None]:
            with closing(run(wanted, task, batch_size=job.batch_size, workers=job.workers)) as pairs:
                yield from pairs

        pairs: Iterator[Pair] = records(sources) if job.handling is None else job.handling(number, sources, records)
        while len(some := list(islice(pairs, _PAIRS))) == _PAIRS:
            yield some
        yield some

    @cached_property
    def _job(self) -> Job:
        import ray

        job: Job = ray.get(self._reference)
        if job.version != __version__:
            raise InputError(
                f"a machine of the cluster has mobilenet-cli {__version__}, and this one {job.version}: "
                "install the same on all"
            )
        return job

    @cached_property
    def _engine(self) -> _KeptSessions:
        # The files go as soon as they are open: an actor is ended without notice, and would leave them behind.
        with tempfile.TemporaryDirectory(prefix="mnclassify-", ignore_cleanup_errors=True) as folder:
            model = self._job.model.unpacked(Path(folder))
            return _KeptSessions(model.open_unchecked(), self._job.workers)

    @cached_property
    def _task(self) -> Task[Any]:
        job = self._job
        with suppress(OSError):  # on a machine without that folder, relative paths are not found, and say so
            os.chdir(job.folder)
        silence_decoder_warnings()
        allowance = job.allowance.beside(_processes_here(job.workers))
        return Task(self._engine, job.preprocessing, job.postprocessing, job.name, allowance)


class _KeptSessions:
    """An engine whose sessions, one a thread, are opened once, and used by one run of the pipeline after the other."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self.batch_size = engine.batch_size
        self._sessions: Iterator[Session] = cycle([engine.session() for _ in range(threads)])

    def session(self) -> Session:
        """Return a session that no other thread of the run uses: it has no more threads than there are sessions."""
        return next(self._sessions)


def _processes_here(threads: int) -> int:
    """Return how many actors of so many threads this machine has room for."""
    import ray

    here = ray.get_runtime_context().get_node_id()
    cpus = next(node["Resources"].get("CPU", 1) for node in ray.nodes() if node["NodeID"] == here)
    return max(1, int(cpus) // threads)


def _opened(source: Source) -> Iterable[Source]:
    return source.content.sources() if isinstance(source.content, WholeArchive) else (source,)


def table_of_records(number: int, node: str, content: list[Pair] | MnclassifyError) -> pa.Table:
    """Return a row of some records of a group, or of the error that ends the run."""
    import pyarrow as pa

    if isinstance(content, list):
        content = [(replace(source, content=None), record) for source, record in content]
    return pa.table(
        {"number": [number], "node": [node], "content": pa.array([pickle.dumps(content)], pa.large_binary())}
    )
