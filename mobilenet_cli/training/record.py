"""The record of a training: the manifest's `training`, and split.csv, with the part that each image was in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli._version import __version__
from mobilenet_cli.csv_lines import LineMaker
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.training.job import Job, Made

if TYPE_CHECKING:
    from mobilenet_cli.training.features import Examples

SPLIT = "split.csv"
_PACKAGES = ("ai-edge-litert", "numpy", "pillow", "scikit-learn", "tensorflow")


def training_record(job: Job, made: Made, sources: Sequence[str]) -> dict[str, Any]:
    """Return the manifest's `training`, as JSON.

    Args:
        job: The training.
        made: Its result.
        sources: The folders and tables that the user named.
    """
    examples, splits = job.examples, job.splits
    counted = Counter(examples.labels.tolist())
    split: dict[str, Any] = {"file": SPLIT}
    if len(splits) > 1:
        split["folds"] = len(splits)
    else:
        ((train, validation),) = splits
        split |= {"training": len(train), "validation": len(validation)}
    return {
        "method": made.method,
        "base": {
            "name": valid_utf8(job.base.name),
            "network": network_digest(job.base),
            "crop": job.preprocessing.crop,
        },
        "data": {
            "sources": [valid_utf8(source) for source in sources],
            "fingerprint": fingerprint(job.classes, examples),
            "images": len(examples.paths),
            "classes": {name: counted[index] for index, name in enumerate(job.classes)},
            "left_out": len(examples.left_out),
            "near_copies": examples.near_copies,
        },
        "split": split,
        "seed": job.seed,
        "metrics": made.metrics,
        **made.details,
        "interrupted": made.interrupted,
        "versions": {"mnclassify": __version__} | {name: metadata.version(name) for name in _PACKAGES},
    }


def scored(metrics: Mapping[str, float | None], side: str) -> str:
    """Return the accuracy and loss of one side, "validation" or "training", as text."""
    accuracy, loss = metrics[f"{side}_top_1"], metrics[f"{side}_loss"]
    return "not measured" if accuracy is None or loss is None else f"top-1 {accuracy:.1%}, loss {loss:.3f}"


def fingerprint(classes: Sequence[str], examples: Examples) -> str:
    """Return a SHA-256 of the images' contents and classes, independent of the images' names and order."""
    rows = zip(examples.labels.tolist(), examples.digests, strict=True)
    lines = sorted(f"{classes[label]}\t{digest}\n" for label, digest in rows)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def network_digest(model: Model) -> str:
    """Return a SHA-256 that identifies the weights of a model's network: that of the hashes of its files.

    For a SavedModel that an earlier version of this program put into the store without hashes, since it is used in
    place, it is that of its name there, which changes with its files' times.
    """
    network = model.network
    own = f"{network.saved_model}/"
    files = {path.removeprefix(own): record for path, record in model.manifest.files.items() if path.startswith(own)}
    if not files:
        return hashlib.sha256(model.manifest.name.encode()).hexdigest()
    lines = [f"{path}\t{record.sha256}\n" for path, record in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_split(folder: Path, job: Job) -> None:
    """Write split.csv: the path, label, part, error and hash of each image, those left out at the end, without one."""
    parts = ["training"] * len(job.examples.paths)
    for fold, (_, validation) in enumerate(job.splits, start=1):
        for place in validation.tolist():
            parts[place] = "validation" if len(job.splits) == 1 else f"fold {fold}"
    labels = (job.classes[label] for label in job.examples.labels.tolist())
    rows = [
        ("path", "label", "part", "error", "sha256"),
        *(
            (path, label, part, "", digest)
            for path, label, part, digest in zip(job.examples.paths, labels, parts, job.examples.digests, strict=True)
        ),
        *((path, "", "left out", error, "") for path, error in job.examples.left_out),
    ]
    with (folder / SPLIT).open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.writelines(map(LineMaker(",").line, rows))
