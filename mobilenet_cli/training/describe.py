"""The files of a trained model besides its networks: labels, split, page with the training's course, manifest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mobilenet_cli.in_tensorflow import LABELS
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.text import valid_utf8
from mobilenet_cli.training.curve import training_page
from mobilenet_cli.training.job import Job, Made
from mobilenet_cli.training.record import scored, training_record, write_split

CURVE = "training.html"


def describe_model(job: Job, made: Made, folder: Path, name: str, sources: Sequence[str]) -> Manifest:
    """Write the files of a trained model besides its networks, and return its manifest, which is one of them.

    Args:
        job: The training.
        made: Its result.
        folder: The model's folder, in which the networks are already.
        name: The model's name.
        sources: The folders and tables that the user named.
    """
    name = valid_utf8(name)
    (folder / LABELS).write_text("".join(f"{label}\n" for label in job.classes), encoding="utf-8")
    write_split(folder, job)
    record = training_record(job, made, sources)
    page = training_page(f"Training of {name}", _facts(record, made), made.charts)
    (folder / CURVE).write_text(page, encoding="utf-8")
    base = job.base.manifest
    manifest = Manifest(
        name=name,
        license=base.license,
        image_size=job.preprocessing.image_size,
        crop=job.preprocessing.crop,
        interpolation=job.preprocessing.interpolation,
        labels=LABELS,
        networks=made.networks,
        training=record,
        temperature=made.temperature,
    ).with_files_of(folder)
    manifest.write(folder)
    return manifest


def _facts(record: dict[str, Any], made: Made) -> list[tuple[str, str]]:
    data, split, metrics = record["data"], record["split"], record["metrics"]
    if "folds" in split:
        description = f"cross-validation with {split['folds']} folds"
    else:
        description = f"{split['training']:,} images to learn from, {split['validation']:,} to validate with"
    return [
        ("Base", record["base"]["name"]),
        ("Images", f"{data['images']:,} of {len(data['classes']):,} classes; {data['left_out']:,} left out"),
        ("Split", f"{description}, seed {record['seed']}"),
        ("Validation", scored(metrics, "validation")),
        ("Training", scored(metrics, "training")),
        *_temperature(made),
        ("Data fingerprint", data["fingerprint"]),
        *([("Interrupted", "this is the best until then")] if made.interrupted else []),
    ]


def _temperature(made: Made) -> list[tuple[str, str]]:
    if made.metrics["validation_top_1"] is None:
        return []
    return [("Temperature", f"{made.temperature:.3g}, fitted on the validation images")]
