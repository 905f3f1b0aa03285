"""A Ray cluster of two machines of one CPU each, which this machine plays, against this machine with two threads.

`python -m benchmarks.cluster MODEL FOLDER REPEATS` labels FOLDER/*.tar both ways in turn and prints JSON. Start-up is
left out: it is the time of a run over FOLDER/start/*.tar, which have an image each. Ray's own processes run all the
time.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks import material
from benchmarks.measure import FailedError, run

MACHINES = 2
RUNNERS = {"this machine": ("-j", str(MACHINES)), "cluster": ("--runner", "ray")}
_MEMORY = 256 << 20
"""Bytes of a machine's object store."""


@contextmanager
def machines() -> Iterator[str]:
    """Start the machines, and yield the cluster's address."""
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "object_store_memory": _MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args=options | {"include_dashboard": False})
    for _ in range(MACHINES - 1):
        cluster.add_node(**options)
    try:
        yield cluster.address
    finally:
        cluster.shutdown()


def main(model: str, folder: Path, repeats: int) -> dict[str, Any]:
    """Measure both ways in turn, and compare their records."""
    figures: dict[str, Any] = {"start": {}, "seconds": {}}
    with tempfile.TemporaryDirectory() as name, machines() as address:
        outputs = {runner: Path(name, f"{place}.jsonl") for place, runner in enumerate(RUNNERS)}
        environment = os.environ | {"RAY_ADDRESS": address}

        def seconds(runner: str, archives: Path) -> float:
            sources = map(str, sorted(archives.glob("*.tar")))
            command = (material.mnclassify(), *sources, "-m", model, *RUNNERS[runner], "-v", "--overwrite")
            return run((*command, "-o", str(outputs[runner])), environment, Path(name, "printed.txt")).wall

        for turn in range(repeats):
            for runner in list(RUNNERS)[:: -1 if turn % 2 else 1]:
                for what, archives in ("start", folder / "start"), ("seconds", folder):
                    figures[what].setdefault(runner, []).append(seconds(runner, archives))
                if runner == "cluster":
                    figures["images per machine"] = _images_per_machine(Path(name, "printed.err").read_text())
        figures["images"], figures["difference"] = compared(*outputs.values())
    return figures


def _images_per_machine(said: str) -> list[int]:
    found = re.search(r"images per machine: ([\d, ]+)", said)
    return [int(count.replace(",", "")) for count in found[1].split(", ")] if found else []


def compared(one: Path, other: Path) -> tuple[int, float]:
    """Return how many records there are, and the largest difference of a score.

    Raises:
        FailedError: Records differ in anything but their scores.
    """
    images, largest = 0, 0.0
    with one.open(encoding="utf-8") as first, other.open(encoding="utf-8") as second:
        for lines in zip_longest(first, second, fillvalue="null"):
            (record, scores), (record_of_other, scores_of_other) = map(_without_scores, lines)
            if record != record_of_other:
                raise FailedError(f"records differ: {' and '.join(lines)}")
            images += 1
            largest = max(largest, *(abs(a - b) for a, b in zip(scores, scores_of_other, strict=True)), 0.0)
    return images, largest


def _without_scores(line: str) -> tuple[Any, list[float]]:
    scores: list[float] = []
    return json.loads(line, parse_float=lambda text: scores.append(float(text))), scores


if __name__ == "__main__":
    json.dump(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])), sys.stdout)
