"""Damaged images of every format through the real command: what came of them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from image_forms import forms
from mutations import mutated

_HANGS_AFTER = 120.0
"""Seconds without a row after which a run is killed."""
MEMORY = "1G"
_ENDINGS = {"jpeg": "jpg", "jpeg 2000": "jp2"}


@dataclass
class Outcome:
    """What came of the images of one format.

    Attributes:
        forms: How many kinds of files they were made of.
        files: How many there were.
        labelled: How many got a label.
        warned: How many of these had a warning.
        refused: How many got an error.
        crashes: Runs that a signal or an error of the program ended.
        hangs: Runs that gave no row for two minutes.
        lost: Images without a row.
        slowest: Seconds that the slowest image took, including the start of the program if it was the first.
        peak: Bytes of memory that the command took at most; where this process is larger, its own, as Linux counts.
        notes: What to look at: the exit codes of crashes, images that took over their time, and rows that are not one
            for each image, in their order.
    """

    forms: int
    files: int
    labelled: int = 0
    warned: int = 0
    refused: int = 0
    crashes: int = 0
    hangs: int = 0
    lost: int = 0
    slowest: float = 0.0
    peak: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing came of them that must not."""
        return not (self.crashes or self.hangs or self.lost or self.notes)


def label_damaged(count: int, folder: Path, *, first_seed: int = 0, timeout: float = 10) -> dict[str, Outcome]:
    """Label `count` damaged images, as many of each format and the same for each `first_seed`.

    Each format is a run of the command that decodes one image at a time; as many formats as cores run at once.

    Returns:
        What came of each format. An image that takes over `timeout` seconds is in its notes.
    """
    by_format: dict[str, list[bytes]] = {}
    for name, content in sorted(forms().items()):
        by_format.setdefault("jpeg 2000" if name == "jpeg 2000" else name.split()[0], []).append(content)
    of_each = -(-count // len(by_format))

    def label(item: tuple[str, list[bytes]]) -> tuple[str, Outcome]:
        name, originals = item
        place = folder / name.replace(" ", "-")
        place.mkdir()
        outcome = Outcome(len(originals), of_each)
        for seed in range(first_seed, first_seed + of_each):
            content = mutated(originals[seed // 5 % len(originals)], seed)  # it has five kinds, by the seed
            (place / f"{seed:06}.{_ENDINGS.get(name, name)}").write_bytes(content)
        _label(place, outcome, timeout)
        return name, outcome

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return dict(pool.map(label, by_format.items()))


def _label(place: Path, outcome: Outcome, timeout: float) -> None:
    command = [sys.executable, "-m", "mobilenet_cli", "-m", "efficientnet_lite0", str(place), "-f", "jsonl"]
    command += ["-j", "1", "--batch-size", "1", "--timeout", str(timeout), "--memory", MEMORY]
    errors = place.with_suffix(".err")
    with errors.open("w") as stream:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream)
    paths = []
    for row in _rows(process, outcome):
        paths.append(row["path"])
        outcome.labelled += row["status"] == "ok"
        outcome.warned += row["status"] == "ok" and row["warning"] is not None
        outcome.refused += row["status"] == "error"
        if row["error"] is not None and "took longer than" in row["error"]:
            outcome.notes.append(f"{row['path']}: {row['error']}")
    _, status, usage = os.wait4(process.pid, 0)  # not process.wait(): it says nothing of the memory
    process.returncode = os.waitstatus_to_exitcode(status)
    outcome.peak = usage.ru_maxrss << 10
    expected = sorted(str(path) for path in place.iterdir())
    outcome.lost = len({*expected} - {*paths})
    if paths != expected:
        outcome.notes.append(f"{place.name}: the rows are not one for each image, in their order")
    if process.returncode not in (0, 1) and not outcome.hangs:
        outcome.crashes += 1
        outcome.notes.append(f"{place.name}: exit code {process.returncode}: {errors.read_text()[-500:]}")


def _rows(process: subprocess.Popen[bytes], outcome: Outcome) -> Iterator[dict]:
    """Yield the rows as they come, and note how long the slowest took."""
    assert process.stdout is not None
    rest, before = b"", time.monotonic()
    while True:
        if not select.select([process.stdout], [], [], _HANGS_AFTER)[0]:
            process.kill()
            outcome.hangs += 1
            return
        read = os.read(process.stdout.fileno(), 1 << 16)
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            outcome.slowest, before = max(outcome.slowest, time.monotonic() - before), time.monotonic()
            yield json.loads(line)
        if not read:
            return
