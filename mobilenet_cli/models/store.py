"""The model store: a folder a model, either complete or not there.

$MNCLASSIFY_HOME, or the platform's user cache folder
  models/NAME/    manifest.json, labels.txt, saved_model/, SIZE.tflite
  locks/NAME.lock
  staging/NAME/   what is being made; renamed to models/NAME when it is complete
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models.manifest import FileRecord, Manifest


def home() -> Path:
    """Return the store's folder: $MNCLASSIFY_HOME, else mnclassify's folder in the user's cache."""
    if configured := os.environ.get("MNCLASSIFY_HOME"):
        return Path(configured).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("mnclassify")


def folder_of(name: str) -> Path:
    """Return where the model is, or would be."""
    return home() / "models" / name


def find(name: str) -> Manifest | None:
    """Return the manifest of a model in the store, None where it is not there.

    Files that are missing or of another size count as not there, so that a store that lost files mends
    itself; their hashes are checked by `problems`, since reading them costs more than a start-up may.

    Raises:
        ModelError: The store cannot be read.
    """
    folder = folder_of(name)
    try:
        manifest = Manifest.read(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"cannot read the model store: {error}; MNCLASSIFY_HOME sets another place") from error
    return manifest if all(_has_size(folder / path, record) for path, record in manifest.files.items()) else None


def names() -> list[str]:
    """Return the names of the models in the store, sorted."""
    folder = home() / "models"
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def problems(name: str) -> list[str]:
    """Read every file of a model and return one line for each that is missing or changed; none if all are good.

    Raises:
        ModelError: The model is not in the store, or its manifest is damaged.
    """
    folder = folder_of(name)
    try:
        manifest = Manifest.read(folder)
    except FileNotFoundError:
        raise ModelError(f"{name} is not in the store ({home()})") from None
    found = []
    for path, record in manifest.files.items():
        if not (folder / path).is_file():
            found.append(f"{path} is missing")
        elif FileRecord.of(folder / path) != record:
            found.append(f"{path} has changed since it was stored")
    used = {network.saved_model for network in manifest.networks.values() if network.saved_model}
    found += [f"{path}, which it is used from, is not there" for path in used if not (folder / path).is_dir()]
    return found


def publish(name: str, build: Callable[[Path], Manifest]) -> Manifest:
    """Let `build` fill an empty folder, verify it, and make it the model's, replacing what was there.

    To be called under `lock(name)`.

    Raises:
        ModelError: The store cannot be written, or `build` raised it.
    """
    with _writing():
        shutil.rmtree(_staging(name), ignore_errors=True)  # left by a process that was killed: we hold its lock
        folder = _made(_staging(name) / "new")
        try:
            manifest = build(folder).with_hashes(folder)
            manifest.write(folder)
            final = folder_of(name)
            _made(final.parent)
            if final.exists():
                final.rename(_staging(name) / "replaced")
            folder.rename(final)
        finally:
            shutil.rmtree(_staging(name), ignore_errors=True)
    return manifest


def extend(manifest: Manifest, build: Callable[[Path], Manifest]) -> Manifest:
    """Let `build` fill an empty folder, and add what it made to the model's. To be called under `lock(name)`.

    Raises:
        ModelError: The store cannot be written, or `build` raised it.
    """
    with _writing():
        shutil.rmtree(_staging(manifest.name), ignore_errors=True)
        folder = _made(_staging(manifest.name) / "new")
        try:
            extended = build(folder)
            for made in folder.iterdir():
                final = folder_of(manifest.name) / made.name
                if final.exists():  # of an extension that was killed before it was recorded
                    final.rename(_staging(manifest.name) / f"replaced-{made.name}")
                made.rename(final)
        finally:
            shutil.rmtree(_staging(manifest.name), ignore_errors=True)
    return update(extended)


def update(manifest: Manifest) -> Manifest:
    """Record the files that were added to a model's folder, and write its manifest. Under `lock(name)`.

    Raises:
        ModelError: The store cannot be written.
    """
    with _writing():
        folder = folder_of(manifest.name)
        updated = manifest.with_hashes(folder)
        updated.write(folder)
    return updated


def remove(name: str) -> None:
    """Remove a model from the store.

    Raises:
        ModelError: It is not in the store, or cannot be removed.
    """
    folder = folder_of(name)
    if name not in names():
        raise ModelError(f"{name} is not in the store ({home()})")
    with lock(name), _writing():
        shutil.rmtree(_staging(name), ignore_errors=True)
        folder.rename(_made(_staging(name)) / "removed")
        shutil.rmtree(_staging(name))


@contextlib.contextmanager
def lock(name: str, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the model's lock, which the operating system frees when the process ends, however it ends.

    Args:
        name: The model's name.
        waiting: Called once where another process holds the lock, before waiting for it.

    Raises:
        ModelError: The store cannot be written.
    """
    from filelock import FileLock, Timeout

    with _writing():
        guard = FileLock(_made(home() / "locks") / f"{name}.lock")
        try:
            guard.acquire(timeout=0)
        except Timeout:
            if waiting is not None:
                waiting()
            guard.acquire()
    try:
        yield
    finally:
        guard.release()


def _has_size(file: Path, record: FileRecord) -> bool:
    try:
        return file.stat().st_size == record.size
    except OSError:
        return False


def _staging(name: str) -> Path:
    return home() / "staging" / name


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"cannot write to the model store {home()}: {error.strerror or error}; MNCLASSIFY_HOME sets another place"
        ) from error
