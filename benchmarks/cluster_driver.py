"""What the machine that runs the command does for a very large run on a cluster: `python -m benchmarks.cluster_driver`.

Shards are listed, handed over and noted as complete, as `--runner ray -o DIR/` does, but without a cluster: nothing
else of a run grows with its size. Prints seconds of CPU time and the memory at the end.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time

from mobilenet_cli.cluster.groups import Groups
from mobilenet_cli.cluster.parts import PartReport, PartsDocument
from mobilenet_cli.files.part_folder import PartFolder, part_name
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.writers import FORMATS, Layout

ROWS = 1000
"""Images of a shard."""


def simulate(shards: int) -> None:
    """Do the driver's part of a run over this many shards, whose records have come at once."""
    sources = find_sources([f"s3://bucket/train-{{0000000..{shards - 1:07}}}.tar"], archives="whole")
    with tempfile.TemporaryDirectory() as folder:
        document = PartsDocument(PartFolder(folder), FORMATS["jsonl"], Layout(top_k=5, model="model"))
        groups = Groups(sources, lambda: 400)
        handover = groups.handed_over()
        done = 0
        while not handover.has_ended or handover.has_next():
            if not handover.has_next():
                time.sleep(0.001)
                continue
            group = handover.next()
            name = part_name(group.number, ".jsonl")
            document.add(PartReport(name, name.replace("part", "s3://bucket/train"), ROWS, ROWS * 1000, 0, ROWS))
            groups.forget_before(group.number)
            done += 1
        document.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{done:,} shards: {time.process_time():.0f} s of CPU time, {peak:,.0f} MiB")


if __name__ == "__main__":
    simulate(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
