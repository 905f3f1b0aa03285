"""The temperature of a model: the registry's, its manifest's, or one fitted to the user's photographs."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from mobilenet_cli.errors import ModelError, OutputError
from mobilenet_cli.machine.home import cannot_write, home
from mobilenet_cli.models import in_place, registry, store
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.manifest import MANIFEST, Calibration, Manifest


def check_writable(model: Model) -> None:
    """Check that a model's manifest can be replaced, so that an error comes before the work and not after it.

    Raises:
        StoreError: The model store cannot be written.
        OutputError: The folder of a trained model cannot be written.
    """
    is_stored = _is_stored(model)
    for folder in (model.folder, home()) if is_stored else (model.folder,):
        if not os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise cannot_write("permission denied") if is_stored else _not_written(folder, "permission denied")


def keep_temperature(model: Model, temperature: float, images: int, date: str) -> Calibration:
    """Write a fitted temperature to a model's manifest, and return the record of it. All else stays as it is.

    Args:
        model: A model in the store, or a trained model's folder.
        temperature: The divisor of the model's logits, finite and above 0.
        images: How many photographs it was fitted on.
        date: The day, as YYYY-MM-DD.

    Raises:
        StoreError: The model store cannot be written.
        OutputError: The folder of a trained model cannot be written.
        ModelError: The model is no longer there.
    """
    if not _is_stored(model):
        return _keep_in_place(model.folder, temperature, images, date)
    name = model.manifest.name
    with store.lock(name):
        manifest = store.find(name)
        if manifest is None:
            raise ModelError(f"{name} is no longer in the store, so its temperature cannot be kept")
        calibrated = _calibrated(manifest, temperature, images, date)
        with store.new_files(name) as folder:  # empty: only the manifest is replaced
            return _record(store.extend(folder, calibrated))


def _keep_in_place(folder: Path, temperature: float, images: int, date: str) -> Calibration:
    calibrated = _calibrated(in_place.read(folder), temperature, images, date)
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{MANIFEST}.", dir=folder))
        try:
            calibrated.write(aside)
            shutil.copymode(folder / MANIFEST, aside / MANIFEST)
            (aside / MANIFEST).replace(folder / MANIFEST)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise _not_written(folder, error.strerror or str(error)) from error
    return _record(calibrated)


def _calibrated(manifest: Manifest, temperature: float, images: int, date: str) -> Manifest:
    calibration = Calibration(images, date, before=registry.temperature_of(manifest))
    return replace(manifest, temperature=temperature, calibration=calibration)


def _record(manifest: Manifest) -> Calibration:
    assert manifest.calibration is not None  # noqa: S101 - `_calibrated` made it
    return manifest.calibration


def _is_stored(model: Model) -> bool:
    return model.folder == store.folder_of(model.manifest.name)


def _not_written(folder: Path, reason: str) -> OutputError:
    return OutputError(f"cannot write {folder / MANIFEST}: {reason}; `models import` copies the model into the store")
