"""The model store: a folder a model, either complete or not there.

$MNCLASSIFY_HOME, or the platform's user cache folder
  models/NAME/       manifest.json, labels.txt, saved_model/, SIZE.tflite
  unavailable/       models that no source had a short while ago: see `unavailable`
  heads/, features/  kept by `train`: see training.head.template, training.feature_cache
  locks/NAME.lock
  staging/NAME/*/    files that a process is making; renamed to models/NAME when they are complete
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from mobilenet_cli.errors import ModelError, StoreError
from mobilenet_cli.machine.home import cannot_write, home
from mobilenet_cli.models.manifest import MANIFEST, FileRecord, Manifest


def folder_of(name: str) -> Path:
    """Return the path of a model's folder, whether it is there or not."""
    return home() / "models" / name


def find(name: str) -> Manifest | None:
    """Return the manifest of a model in the store, None where it is not there.

    Files that are missing or of another size count as not there, so that a store that lost files mends
    itself; their hashes are checked by `problems`, since reading them costs more than a start-up may.

    Raises:
        StoreError: The store cannot be read.
        ModelError: Its manifest is damaged, or of a later version.
    """
    folder = folder_of(name)
    with _reading():
        try:
            manifest = Manifest.read(folder, stored=True)
        except FileNotFoundError:
            return None
    return manifest if all(_has_size(folder / path, record) for path, record in manifest.files.items()) else None


def names() -> list[str]:
    """Return the names of the models in the store, sorted.

    Raises:
        StoreError: The store cannot be read.
    """
    with _reading():
        try:
            return sorted(entry.name for entry in (home() / "models").iterdir() if entry.is_dir())
        except FileNotFoundError:
            return []


def bytes_of(name: str) -> int | None:
    """Return the size of a model's files together, None where it has no folder.

    Raises:
        StoreError: The store cannot be read.
    """
    folder = folder_of(name)
    with _reading():
        if not folder.is_dir():
            return None
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def problems(name: str) -> list[str]:
    """Read every file of a model and return one line for each that is missing or changed; none if all are good.

    Raises:
        StoreError: The store cannot be read.
        ModelError: The model is not in the store, or its manifest is damaged or of a later version.
    """
    folder = folder_of(name)
    found = []
    with _reading():
        try:
            manifest = Manifest.read(folder, stored=True)
        except FileNotFoundError:
            raise ModelError(f"{name} is not in the store ({home()})") from None
        for path, record in manifest.files.items():
            if not (folder / path).is_file():
                found.append(f"{path} is missing")
            elif FileRecord.of(folder / path) != record:
                found.append(f"{path} has changed since it was stored")
    used = {network.saved_model for network in manifest.networks.values() if network.saved_model}
    found += [f"{path}, which it is used from, is not there" for path in used if not (folder / path).is_dir()]
    return found


@contextlib.contextmanager
def new_files(name: str) -> Iterator[Path]:
    """Make an empty folder for files that `publish` or `extend` then put into the store. Under `lock(name)`.

    What is still there at the end of the block is removed.

    Raises:
        StoreError: The store cannot be written.
    """
    with writing(), staging(name) as aside:
        yield _made(aside / "new")


def publish(folder: Path, manifest: Manifest) -> Manifest:
    """Make a folder of `new_files` a model's, replacing what was there, and return the manifest with its files."""
    complete = manifest.with_files_of(folder)
    complete.write(folder)
    final = folder_of(manifest.name)
    _made(final.parent)
    if final.exists():
        final.rename(folder.with_name("replaced"))
    folder.rename(final)
    return complete


def extend(folder: Path, manifest: Manifest) -> Manifest:
    """Add the files in a folder of `new_files` to a model's, and return the manifest with them."""
    aside, final = folder.parent, folder_of(manifest.name)
    extended = manifest.with_files_of(folder)
    for made in folder.iterdir():
        if (final / made.name).exists():  # of an extension that was killed before it was recorded
            (final / made.name).rename(aside / f"replaced-{made.name}")
        made.rename(final / made.name)
    extended.write(aside)
    (aside / MANIFEST).replace(final / MANIFEST)
    return extended


def remove(name: str) -> None:
    """Remove a model from the store.

    Raises:
        StoreError: It cannot be removed.
        ModelError: It is not in the store.
    """
    import shutil

    if name not in names():
        raise ModelError(f"{name} is not in the store ({home()})")
    with lock(name), writing(), staging(name) as aside:
        folder_of(name).rename(aside / "removed")
        shutil.rmtree(aside / "removed")


@contextlib.contextmanager
def lock(name: str, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the model's lock, which the operating system frees when the process ends, however it ends.

    Args:
        name: The model's name.
        waiting: Called once where another process holds the lock, before waiting for it.

    Raises:
        StoreError: The store cannot be written.
    """
    from filelock import FileLock, Timeout

    with writing():
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


@contextlib.contextmanager
def staging(name: str) -> Iterator[Path]:
    """Make an empty folder that is nobody else's; it is removed at the end. Under `lock(name)`.

    The folders that killed processes left are removed too. Their names are not used again: the TensorFlow process of
    one may still be writing there for a moment.
    """
    import shutil
    import tempfile

    shared = home() / "staging" / name
    shutil.rmtree(shared, ignore_errors=True)
    try:
        yield Path(tempfile.mkdtemp(dir=_made(shared)))
    finally:
        shutil.rmtree(shared, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn an OSError within the block into the StoreError that the store cannot be written."""
    try:
        yield
    except OSError as error:
        raise cannot_write(error.strerror or str(error)) from error


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot read the model store {home()}: {error}; MNCLASSIFY_HOME sets another place"
        ) from error
