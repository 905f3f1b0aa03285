"""What is measured. Each suite runs its contenders in turn, again and again, and returns what JSON can hold."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import material
from benchmarks.contestants import Contender, contenders, ours
from benchmarks.measure import FailedError, Usage, environment, run

Report = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """How much is measured.

    Attributes:
        work: The folder with the files and models, and for what is printed.
        repeats: How often each contender runs.
        scale: Files in the tree that is measured against a tree of a hundredth.
        tell: Told what is going on.
    """

    work: Path
    repeats: int
    scale: int
    tell: Callable[[str], None]


def one_image(settings: Settings) -> Report:
    """One photograph: the whole process of each contender."""
    return _compared(settings, "one")


def photos(settings: Settings) -> Report:
    """Photographs of about 500×375: the whole process of each contender, and the bound."""
    bound = _module(settings, "benchmarks.bound", "photos", settings.repeats)
    return {**_compared(settings, "photos"), "bound": bound}


def large(settings: Settings) -> Report:
    """JPEGs of 12 megapixels: the whole process of each contender, and the pipeline without scaled decoding."""
    full = _module(settings, "benchmarks.full_decoding", "large", settings.repeats)
    return {**_compared(settings, "large"), "decoding": full}


def tiny(settings: Settings) -> Report:
    """PNGs of 32×32: the whole process of each contender."""
    return _compared(settings, "tiny")


def scale(settings: Settings) -> Report:
    """Compare a tree of many files with one of a hundredth: memory, speed, and the time until the first row.

    The large tree is labelled once, since that takes minutes.
    """
    originals = sorted((settings.work / "photos").iterdir())
    few, many = max(1, settings.scale // 100), settings.scale
    for count in (few, many):
        settings.tell(f"scale: laying out {count:,} files")
        material.tree(settings.work / f"tree-{count}", originals, count)
    contender = Contender("scale", ours(settings.work), headers=1)

    def usages(count: int, folder: Path, repeats: int) -> list[Report]:
        settings.tell(f"scale: {count:,} files")
        return [asdict(_labelled(settings, contender, folder, count)) for _ in range(repeats)]

    return {
        "start": usages(1, settings.work / "one", settings.repeats),
        "few": {"images": few, "usages": usages(few, settings.work / f"tree-{few}", settings.repeats)},
        "many": {"images": many, "usages": usages(many, settings.work / f"tree-{many}", 1)},
        "first row": [_first_row(settings, settings.work / f"tree-{many}") for _ in range(settings.repeats)],
    }


SUITES: dict[str, Callable[[Settings], Report]] = {
    "one": one_image,
    "photos": photos,
    "large": large,
    "tiny": tiny,
    "scale": scale,
}


def _compared(settings: Settings, name: str) -> Report:
    folder = settings.work / name
    count = len(list(folder.iterdir()))
    usages: dict[str, list[Report]] = {}
    for turn in range(settings.repeats):
        for contender in contenders(settings.work):
            settings.tell(f"{name}, {turn + 1} of {settings.repeats}: {contender.name}")
            usages.setdefault(contender.name, []).append(asdict(_labelled(settings, contender, folder, count)))
    return {"images": count, "usages": usages}


def _labelled(settings: Settings, contender: Contender, folder: Path, count: int) -> Usage:
    output = settings.work / "output.csv"
    usage = run((*contender.command, str(folder)), environment(settings.work / "home"), output)
    with output.open("rb") as stream:
        lines = sum(1 for _ in stream) - contender.headers
    if lines != count:
        raise FailedError(f"{contender.name} printed {lines} lines for {count} images")
    return usage


def _module(settings: Settings, module: str, name: str, repeats: int) -> Report:
    """Run a module of this package on the files `name`, and return the JSON that it prints."""
    settings.tell(f"{name}: {module}")
    output = settings.work / "output.json"
    command = (sys.executable, "-m", module, str(settings.work / material.SAVED_MODEL), str(settings.work / name))
    run((*command, str(repeats)), environment(settings.work / "home"), output)
    report: Report = json.loads(output.read_text())
    return report


def _first_row(settings: Settings, tree: Path) -> float:
    """Return the seconds from the start of the process until it has printed its first row."""
    started = time.perf_counter()
    with subprocess.Popen(
        (*ours(settings.work), str(tree)),
        env=environment(settings.work / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the header, which comes with the first row
        process.stdout.readline()
        seconds = time.perf_counter() - started
        process.kill()
    return seconds
