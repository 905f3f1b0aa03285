"""Reading a model that `exporting` wrote to one file, which is checked before anything of it is used."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models import STORES_OWN, registry, store
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.checked import compiled_trials, note_made
from mobilenet_cli.models.importing import NAME, check_name
from mobilenet_cli.models.labels import IMAGENET
from mobilenet_cli.models.making import making
from mobilenet_cli.models.manifest import MANIFEST, FileRecord, Manifest
from mobilenet_cli.models.manifest_json import MOST_BYTES
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.progress import Progress, silent

_CHUNK = 1 << 20


def is_exported(path: Path) -> bool:
    """Return whether a file is a model that `export_model` wrote, by what it has at its top."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def import_exported(
    file: Path, name: str | None = None, *, overwrite: bool = False, progress: Progress = silent
) -> Manifest:
    """Put an exported model into the store, once its files were checked and its networks have run here.

    Nothing in it is trusted: only files that its manifest lists are written, into a folder of their own, with the sizes
    and hashes that are listed there.

    Args:
        file: The file.
        name: The model's name from then on; None: the one that it had.
        overwrite: Replace any model of that name.
        progress: Called as long work proceeds.

    Raises:
        InputError: The name cannot be used, or is taken.
        ModelError: The file is damaged, was changed, or is of a later version; or a network does not run here.
        StoreError: The store cannot be written.
    """
    with _opened(file) as archive:
        manifest = _manifest(archive, file)
        named = _named(manifest, name, file)
        with making(Origin(named.name, named.name), progress) as process:
            if named.name in store.names() and not overwrite:
                raise InputError(
                    f"{named.name} is in the store already; --overwrite replaces it, --name gives this one another name"
                )
            with store.new_files(named.name) as folder:
                for path, record in named.files.items():
                    _write(archive, path, record, folder, file)
                _check_runs(named, folder, process)
                published = store.publish(folder, named)
    for kind, network in published.networks.items():
        for size in map(int, network.compiled):
            note_made(published, store.folder_of(published.name), kind, size, is_trusted=False)
    return published


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"{file} is damaged: {error}") from error


def _manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    """Return the manifest, after checking that the archive holds just what it lists.

    Raises:
        ModelError: It does not, or the manifest is damaged or of a later version.
    """
    members = archive.namelist()
    with archive.open(MANIFEST) as stream:
        data = stream.read(MOST_BYTES)
    manifest = Manifest.parsed(data, f"{MANIFEST} in {file}")
    if sorted(members) != sorted([MANIFEST, *manifest.files]):
        raise ModelError(f"{file} does not hold just the files that its manifest lists")
    used = {path for network in manifest.networks.values() for path in network.files}
    if manifest.labels not in ("", IMAGENET):
        used.add(manifest.labels)
    plain = all("/" not in path and "\\" not in path and path not in ("", ".") for path in manifest.files)
    if not (plain and used <= manifest.files.keys() and _is_sound(manifest)):
        raise ModelError(f"{file} is damaged: its manifest is not one that `models export` writes")
    return manifest


def _is_sound(manifest: Manifest) -> bool:
    """Return whether a manifest has what an exported one has: networks, each compiled, for sizes that are offered."""
    sizes = [manifest.image_size, *(int(size) for network in manifest.networks.values() for size in network.compiled)]
    return (
        bool(manifest.networks)
        and all(size in registry.IMAGE_SIZES for size in sizes)
        and all(
            network.saved_model is None and network.compiled and all(each.file for each in network.compiled.values())
            for network in manifest.networks.values()
        )
    )


def _named(manifest: Manifest, name: str | None, file: Path) -> Manifest:
    """Return the manifest with the name that the model gets.

    Raises:
        InputError: It cannot have that name.
    """
    if name is not None:
        check_name(name)
        return replace(manifest, name=name, temperature=registry.temperature_of(manifest))
    is_known = manifest.name in registry.ENTRIES or manifest.name.startswith(STORES_OWN[0])
    if not is_known:
        try:
            check_name(manifest.name)
        except InputError as error:
            raise InputError(f"{file} has no name for the store; give it one with --name") from error
    elif not NAME.fullmatch(manifest.name):
        raise ModelError(f"{file} is damaged: {manifest.name!r} is no model's name")
    return manifest


def _write(archive: zipfile.ZipFile, path: str, record: FileRecord, folder: Path, file: Path) -> None:
    """Write one file into a folder, but not more of it than its record says.

    Raises:
        ModelError: It is not what the record says.
    """
    import hashlib

    digest, left = hashlib.sha256(), record.size
    with archive.open(path) as source, (folder / path).open("xb") as target:
        while left >= 0 and (data := source.read(_CHUNK)):
            left -= len(data)
            digest.update(data)
            target.write(data)
    if left != 0 or digest.hexdigest() != record.sha256:
        raise ModelError(f"{file} is damaged, or was changed: {path} is not the file that its manifest lists")


def _check_runs(manifest: Manifest, folder: Path, process: TensorFlowProcess) -> None:
    """Run each network once, in a process of its own, which a damaged file may crash.

    Raises:
        ModelError: LiteRT does not run it here, it puts out another number of values than the manifest says, or the
            model has another number of labels.
    """
    from mobilenet_cli.in_tensorflow.limits import CHECKING
    from mobilenet_cli.in_tensorflow.trial import try_network

    for kind, network in manifest.networks.items():
        for size in map(int, network.compiled):
            for trial in compiled_trials(manifest, folder, kind, size):
                with process.within(CHECKING):
                    process.call(try_network, trial)
        if kind == "classification":
            Model(manifest.name, manifest, kind, manifest.image_size, "litert", folder).labels()
