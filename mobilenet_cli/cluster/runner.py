"""`pipeline.run` in the actors of a Ray cluster."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar, cast

from mobilenet_cli._version import __version__
from mobilenet_cli.cluster.groups import MOST_SOURCES, Groups
from mobilenet_cli.cluster.job import Handling, Job
from mobilenet_cli.cluster.parts import PartReport
from mobilenet_cli.engines import ENGINES
from mobilenet_cli.errors import InputError, MnclassifyError
from mobilenet_cli.machine.extras import install_command
from mobilenet_cli.models.packed import PackedModel
from mobilenet_cli.pipeline import Task
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    from ray.data import DataContext, Dataset

    from mobilenet_cli.models.acquire import Model

_GROUPS_A_CPU, _PARTS_A_CPU = 4, 2
"""How many groups may be under way for each CPU: parts may have the names of 100,000 images each."""
_BLOCK_BYTES = 256 << 10
"""Bytes of records that an actor keeps before they go back."""
_NODES_SECONDS = 2.0
"""Seconds for which the number of machines is not asked for again."""
_ANSWER_SECONDS = 10.0
_PAUSES = (2, 4, 8, 16, 30)
"""Seconds to wait after each loss without a new record in between; after another one, it is the images or the memory.

For half a minute, Ray may give work to a machine that is gone.
"""

_OneSource = TypeVar("_OneSource", bound=Source)
_Record = TypeVar("_Record")


def check_installed() -> None:
    """Raise an InputError that gives the command to install Ray, if it is not installed."""
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise InputError(f"--runner ray needs an extra: {install_command('ray')}")


@dataclass(slots=True)
class RayRunner:
    """A connection to a cluster. It is a Runner of Classifier and Embedder.

    Attributes:
        address: "auto" for the cluster that this machine belongs to, its address, or "local" for one
            that is started here for the length of the run.
        cpus: How many CPUs to use at most; None: all, also those of machines that join later.
        logs: Whether the logs of Ray and of the machines are shown.
        images: How many images each machine has done, by Ray's id of it.
        handling: What an actor does with the records of a run; None: the run yields them.
        group_size: How many sources an actor gets at a time.
    """

    address: str = "auto"
    cpus: int | None = None
    logs: bool = False
    images: Counter[str] = field(default_factory=Counter)
    handling: Handling | None = None
    group_size: int = MOST_SOURCES
    _nodes: tuple[float, int] = (-_NODES_SECONDS, 0)

    def __enter__(self) -> RayRunner:
        """Connect.

        Raises:
            InputError: Ray is not installed, or there is no such cluster.
        """
        check_installed()
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        import ray
        import ray._private.worker as ray_worker

        level = logging.INFO if self.logs else logging.ERROR
        with _quiet_warnings():
            try:
                _check_answers(self.address)
                ray.init(self.address, log_to_driver=self.logs, logging_level=level, namespace="mnclassify")
            except (ConnectionError, RuntimeError, ValueError, OSError) as error:
                reason = str(error).splitlines()[0]
                raise InputError(
                    f"no Ray cluster at {self.address} ({reason}); `ray start --head` starts one"
                ) from error
            import ray.data
        logging.getLogger("ray.data").setLevel(level if self.logs else logging.CRITICAL)
        # Ray prints what machines say on standard output, where records may be.
        printed = ray_worker.print_worker_logs
        ray_worker.print_worker_logs = lambda data, _, *rest: printed(data, sys.stderr, *rest) if self.logs else None
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect: what still runs there ends."""
        import ray

        ray.shutdown()

    @property
    def nodes(self) -> int:
        """How many machines the cluster has now."""
        import ray

        asked, count = self._nodes
        if time.monotonic() - asked >= _NODES_SECONDS:
            count = sum(node["Alive"] for node in ray.nodes())
            self._nodes = time.monotonic(), count
        return count

    def run(
        self,
        sources: Iterable[_OneSource],
        task: Task[_Record],
        model: Model,
        *,
        batch_size: int | None,
        workers: int | None,
    ) -> Generator[tuple[_OneSource, _Record], None, None]:
        """Yield each Source with its record, in their order: see `pipeline.run`.

        A Source that stands for a whole archive is opened by the actor that gets it, and yields those of its images.

        Args:
            sources: The images.
            task: The steps.
            model: The model that the task's engine runs.
            batch_size: As for `pipeline.run`.
            workers: Threads of an actor, each of which takes a CPU of the cluster; 1 by default.

        Raises:
            InputError: A machine cannot run this program, or has another version of it.
            ModelError: The engine cannot run the model.
            MnclassifyError: Machines were lost again and again.
        """
        import ray

        threads = workers or 1
        job = ray.put(
            Job(
                *(__version__, os.getcwd(), PackedModel.of(model), task.preprocessing, task.postprocessing, task.model),  # noqa: PTH109
                *(task.allowance, batch_size, threads, self.handling),
            )
        )
        groups = Groups(sources, self._most_groups, self.group_size, are_parts=self.handling is not None)
        try:
            for pair in self._delivered(groups, job, threads, ENGINES[model.engine].gpus):
                yield cast("tuple[_OneSource, _Record]", pair)
        finally:
            groups.stop()
        if groups.error is not None:
            raise groups.error

    def _most_groups(self) -> int:
        return max(2, (_GROUPS_A_CPU if self.handling is None else _PARTS_A_CPU) * self._usable_cpus())

    def _usable_cpus(self) -> int:
        import ray

        there = int(ray.cluster_resources().get("CPU", 1))
        return max(1, there if self.cpus is None else min(there, self.cpus))

    def _delivered(self, groups: Groups, job: Any, threads: int, gpus: int) -> Iterator[tuple[Source, Any]]:
        """Yield the pairs of all groups; after a loss, from the first one on that has not come."""
        from ray.exceptions import RayError, RayTaskError

        losses = current = delivered = 0
        while True:
            came = 0
            try:
                for number, node, pairs in self._contents(groups, job, threads, gpus):
                    if number not in (current, current + 1):
                        raise RuntimeError(f"group {number} came where {current + 1} was due")
                    if number != current:
                        groups.forget_before(number)
                        current, delivered, came = number, 0, 0
                    new = pairs[max(0, delivered - came) :]
                    came += len(pairs)
                    delivered = max(delivered, came)
                    self.images[node] += sum(record.done if isinstance(record, PartReport) else 1 for _, record in new)
                    losses = 0 if new else losses
                    yield from new
            except RayError as error:
                if isinstance(error, RayTaskError) or losses == len(_PAUSES):
                    raise MnclassifyError(f"the cluster cannot go on: {str(error).splitlines()[0]}") from error
                logging.getLogger(__name__).info("a machine or a process was lost (%s): beginning again", error)
                time.sleep(_PAUSES[losses])
                losses += 1
            else:
                return

    def _contents(
        self, groups: Groups, job: Any, threads: int, gpus: int
    ) -> Iterator[tuple[int, str, list[tuple[Source, Any]]]]:
        """Yield (group's number, node, pairs) as they come from one dataset. Raises what an actor sent."""
        dataset = self._dataset(groups, job, threads, gpus)
        for table in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            rows = (table[name].to_pylist() for name in ("number", "node", "content"))
            for number, node, content in zip(*rows, strict=True):
                pairs = pickle.loads(content)  # noqa: S301 - `worker` pickled it
                if isinstance(pairs, MnclassifyError):
                    raise pairs
                yield number, node, pairs

    def _dataset(self, groups: Groups, job: Any, threads: int, gpus: int) -> Dataset:
        from ray.data import ActorPoolStrategy

        from mobilenet_cli.cluster.input_stream import dataset_of
        from mobilenet_cli.cluster.worker import Worker

        most = None if self.cpus is None else max(1, self.cpus // threads)
        now = max(1, self._usable_cpus() // threads)
        with _quiet_warnings():  # max_restarts will have another place from 2.64 on
            return dataset_of(groups.handed_over(), _context()).map_batches(
                Worker,
                fn_constructor_args=(job,),
                batch_size=None,
                batch_format="pyarrow",
                compute=ActorPoolStrategy(min_size=1, max_size=most, initial_size=now, max_tasks_in_flight_per_actor=2),
                num_cpus=threads,
                num_gpus=gpus or None,
                # An actor that died could wait for ever for another place: the dataset is begun again instead.
                max_restarts=0,
            )


def _context() -> DataContext:
    from ray.data import DataContext

    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    context.target_max_block_size = _BLOCK_BYTES
    return context


def _check_answers(address: str) -> None:
    """Raise an OSError if nothing answers at HOST:PORT, for which Ray would wait many minutes."""
    host, _, port = address.rpartition(":")
    if "/" not in address and port.isdigit():
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()


def _quiet_warnings() -> Any:
    import warnings

    return warnings.catch_warnings(action="ignore")
