"""Which images a trained model has been made with, found by their contents in its split.csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.records import Source
from mobilenet_cli.training.contents import digest_of
from mobilenet_cli.training.record import SPLIT


@dataclass(frozen=True, slots=True)
class Seen:
    """How many of some images a model was trained on, and how many others it was chosen by, in its validation."""

    trained_on: int = 0
    chosen_by: int = 0


def seen(model: Model, sources: Iterable[Source]) -> Seen:
    """Count the images that a model has been made with.

    Args:
        model: Any model. Of one that was not trained here, or whose split.csv has no hashes, no image is known.
        sources: The images. Only files of this machine are looked at.
    """
    if model.manifest.training is None or not (parts := _parts(model.folder / SPLIT)):
        return Seen()
    with ThreadPoolExecutor(usable_cores()) as pool:
        found = [parts.get(digest) for digest, _ in pool.map(digest_of, sources)]
    chosen_by = found.count("validation")
    return Seen(sum(part is not None for part in found) - chosen_by, chosen_by)


def _parts(file: Path) -> dict[str, str]:
    """Return the part that each content was in, by its SHA-256: "training", "validation" or "fold N"."""
    try:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return {row["sha256"]: row["part"] for row in csv.DictReader(stream) if row.get("sha256")}
    except (OSError, csv.Error):
        return {}
