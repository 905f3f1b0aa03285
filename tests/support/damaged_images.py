"""Damaged images of every format through the real command: what came of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from image_forms import forms
from mutations import mutated

_AT_A_TIME = 1000
_HANGS_AFTER = 300.0  # seconds
MEMORY = "1G"
_ENDINGS = {"jpeg 2000": ".jp2", "jpeg": ".jpg"}


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        rows: By status, how many images there were; "with a warning" counts some of those that are ok once more.
        failures: What must not happen: crashes, hangs, and images without a row of their own.
        slow: Images that took longer than the limit.
        peak: Bytes of memory that the command took at most; where this process is larger, its own, as Linux counts.
        seconds: Seconds in all.
    """

    rows: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    peak: int = 0
    seconds: float = 0.0


def label_damaged(count: int, folder: Path, *, first_seed: int = 0, timeout: float = 10) -> Outcome:
    """Label `count` damaged images, the same for each `first_seed`; one that takes over `timeout` seconds is slow."""
    originals, outcome = sorted(forms().items()), Outcome()
    started = time.monotonic()
    for start in range(first_seed, first_seed + count, _AT_A_TIME):
        paths = []
        for seed in range(start, min(start + _AT_A_TIME, first_seed + count)):
            name, content = originals[seed // 5 % len(originals)]  # `mutated` has five kinds, by the seed
            ending = next((each for key, each in _ENDINGS.items() if name.startswith(key)), f".{name.split()[0]}")
            paths.append(folder / f"{seed}{ending}")
            paths[-1].write_bytes(mutated(content, seed))
        _label(paths, outcome, timeout)
        for path in paths:
            path.unlink()
    outcome.seconds = time.monotonic() - started
    return outcome


def _label(paths: list[Path], outcome: Outcome, timeout: float) -> None:
    folder, chunk = paths[0].parent, f"{paths[0].name} to {paths[-1].name}"
    names, rows_file, errors = folder / "names.txt", folder / "rows.jsonl", folder / "errors.txt"
    names.write_text("\n".join(map(str, paths)))
    command = [sys.executable, "-m", "mobilenet_cli", "--from", str(names), "-m", "efficientnet_lite0"]
    command += ["-o", str(rows_file), "--overwrite", "--timeout", str(timeout), "--memory", MEMORY]
    with errors.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    alarm = threading.Timer(_HANGS_AFTER + timeout, process.kill)
    alarm.start()
    _, status, usage = os.wait4(process.pid, 0)  # not process.wait(): it says nothing of the memory
    process.returncode = os.waitstatus_to_exitcode(status)
    alarm.cancel()
    outcome.peak = max(outcome.peak, usage.ru_maxrss << 10)
    if process.returncode not in (0, 1):
        outcome.failures.append(f"{chunk}: exit code {process.returncode}: {errors.read_text()[-500:]}")
        return
    rows = [json.loads(line) for line in rows_file.read_text().splitlines()]
    if [row["path"] for row in rows] != [str(path) for path in paths]:
        outcome.failures.append(f"{chunk}: the rows are not one for each image, in their order")
    for row in rows:
        outcome.rows[row["status"]] += 1
        outcome.rows["with a warning"] += row["warning"] is not None
        if row["error"] is not None and "took longer than" in row["error"]:
            outcome.slow.append(f"{Path(row['path']).name}: {row['error']}")
