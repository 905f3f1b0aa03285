"""The benchmark suites. Each runs its contenders in turn, several times, and returns a JSON object."""

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
from benchmarks.contenders import Contender, contenders, ours
from benchmarks.measure import FailedError, Usage, environment, rotated, run

Figures = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """The sizes of the benchmarks.

    Attributes:
        work: The folder with the files and models; also receives the output of the contenders.
        repeats: Runs of each contender.
        scale: Number of files in the large tree. The small one has a hundredth of them.
        print_status: Called with a line of text when a step begins.
    """

    work: Path
    repeats: int
    scale: int
    print_status: Callable[[str], None]


def one_image(settings: Settings) -> Figures:
    """One photograph: the whole process of each contender."""
    return _compared(settings, "one")


def photos(settings: Settings) -> Figures:
    """Photographs of about 500×375: the whole process of each contender, and the bound."""
    bound = _module(settings, "benchmarks.bound", "photos", settings.repeats)
    return {**_compared(settings, "photos"), "bound": bound}


def large(settings: Settings) -> Figures:
    """JPEGs of 12 megapixels: the whole process of each contender, and the pipeline without scaled decoding."""
    full = _module(settings, "benchmarks.full_decoding", "large", settings.repeats)
    return {**_compared(settings, "large"), "decoding": full}


def formats(settings: Settings) -> Figures:
    """Files of 12 megapixels in each format: the decoder alone, the package, and with every pixel decoded."""
    seconds = _printed(settings, "benchmarks.formats", str(settings.work / "formats"), "128", str(settings.repeats))
    return {"images": material.A_FORMAT, "seconds": seconds}


def tiny(settings: Settings) -> Figures:
    """PNGs of 32×32: the whole process of each contender."""
    return _compared(settings, "tiny")


def precision(settings: Settings) -> Figures:
    """Photographs of about 500×375: the engines and precisions side by side, the network alone and the pipeline."""
    return _module(settings, "benchmarks.precision", "photos", settings.repeats)


def scale(settings: Settings) -> Figures:
    """Compare a large tree of files with one of a hundredth: memory, speed, and the time until the first row.

    The large tree is labelled only once, since that takes minutes.
    """
    originals = sorted((settings.work / "photos").iterdir())
    few, many = max(1, settings.scale // 100), settings.scale
    for count in (few, many):
        settings.print_status(f"scale: creating {count:,} files")
        material.tree(settings.work / f"tree-{count}", originals, count)
    contender = Contender("scale", ours(settings.work), headers=1)

    def usages(count: int, folder: Path, repeats: int) -> list[Figures]:
        settings.print_status(f"scale: {count:,} files")
        return [asdict(_labelled(settings, contender, folder, count)) for _ in range(repeats)]

    return {
        "start": usages(1, settings.work / "one", settings.repeats),
        "few": {"images": few, "usages": usages(few, settings.work / f"tree-{few}", settings.repeats)},
        "many": {"images": many, "usages": usages(many, settings.work / f"tree-{many}", 1)},
        "first row": [_first_row(settings, settings.work / f"tree-{many}") for _ in range(settings.repeats)],
    }


def shards(settings: Settings) -> Figures:
    """Photographs as files of a folder, and the same as members of archives: whole processes, and without a network."""
    count = settings.scale // 10
    settings.print_status(f"shards: creating archives of {count:,} photographs")
    folder = settings.work / f"shards-{count}"
    material.copies(folder / material.FOLDER, sorted((settings.work / "photos").iterdir()), count)
    names = (material.FOLDER, *material.archives(folder))
    contender = Contender("shards", ours(settings.work), headers=1)
    usages: dict[str, list[Figures]] = {}
    for turn in range(settings.repeats):
        for name in rotated(names, turn):
            settings.print_status(f"shards, {turn + 1} of {settings.repeats}: {name}")
            usages.setdefault(name, []).append(asdict(_labelled(settings, contender, folder / name, count)))
    decoding = _printed(settings, "benchmarks.archives", str(folder), "128", str(settings.repeats))
    return {"images": count, "usages": usages, "decoding": decoding}


def cluster(settings: Settings) -> Figures:
    """Photographs in archives, on a cluster of two machines that this one plays, and on this machine alone."""
    count = settings.scale // 5
    settings.print_status(f"cluster: creating archives of {count:,} photographs")
    name = f"cluster-{count}"
    material.tars(settings.work / name, sorted((settings.work / "photos").iterdir()), count)
    return _module(settings, "benchmarks.cluster", name, settings.repeats)


SUITES: dict[str, Callable[[Settings], Figures]] = {
    "one": one_image,
    "photos": photos,
    "large": large,
    "formats": formats,
    "tiny": tiny,
    "precision": precision,
    "scale": scale,
    "shards": shards,
    "cluster": cluster,
}


def _compared(settings: Settings, name: str) -> Figures:
    folder = settings.work / name
    count = len(list(folder.iterdir()))
    usages: dict[str, list[Figures]] = {}
    for turn in range(settings.repeats):
        for contender in contenders(settings.work):
            settings.print_status(f"{name}, {turn + 1} of {settings.repeats}: {contender.name}")
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


def _module(settings: Settings, module: str, name: str, repeats: int) -> Figures:
    """Run a module of this package on the model and the files `name`, and return the JSON that it prints."""
    model, files = settings.work / material.SAVED_MODEL, settings.work / name
    return _printed(settings, module, str(model), str(files), str(repeats))


def _printed(settings: Settings, module: str, *arguments: str) -> Figures:
    """Run a module of this package, and return the JSON that it prints."""
    settings.print_status(f"{module} {' '.join(arguments)}")
    output = settings.work / "output.json"
    run((sys.executable, "-m", module, *arguments), environment(settings.work / "home"), output)
    figures: Figures = json.loads(output.read_text())
    return figures


def _first_row(settings: Settings, tree: Path) -> float:
    """Return the seconds from the start of the process to its first row."""
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
