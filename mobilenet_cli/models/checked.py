"""No network runs in this process that has changed since it was recorded, or was not run in another process before.

The first is seen by its SHA-256. The second is noted in the model store by that hash: another content, engine version
or kind of processor is tried again.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mobilenet_cli.engines import COMPILED, ENGINES, REFERENCE, EngineName
from mobilenet_cli.engines.passed_checks import digest_of, has_run, note_run
from mobilenet_cli.engines.precision import DEFAULT, Precision
from mobilenet_cli.errors import ModelError, ProcessError
from mobilenet_cli.models import store
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.progress import silent
from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.trial import Trial


def trial_of(
    manifest: Manifest,
    folder: Path,
    kind: NetworkKind,
    image_size: int,
    engine: EngineName,
    precision: Precision = DEFAULT,
    *,
    is_trusted: bool = False,
) -> Trial:
    """Return which file of a model's folder an engine opens, and how it runs it."""
    from mobilenet_cli.in_tensorflow.trial import Trial

    network = manifest.networks[kind]
    file = network.saved_model
    if opens_compiled := ENGINES[engine].opens == "compiled":
        compiled = network.compiled[str(image_size)]
        variant = compiled.variants.get(precision)
        file = compiled.file if variant is None else variant.file
    assert file is not None  # noqa: S101 - `acquire` has seen to it
    # A file that was compiled from a SavedModel has the way from 0…1 to what that takes in it.
    taken = None if opens_compiled and network.saved_model is not None else network.input
    return Trial(folder / file, engine, image_size, taken, precision, network.width, is_trusted)


def check_network(trial: Trial, manifest: Manifest, folder: Path) -> None:
    """Check a network before it is opened in this process.

    Raises:
        ModelError: It has changed, or another process could not run it.
        StoreError: The model store cannot be found.
    """
    hashes = _hashes(trial.path)
    for path, recorded in _recorded(manifest, trial.path, folder).items():
        if (actual := hashes.get(path)) != recorded:
            raise _changed(manifest, folder, trial.path / path if path else trial.path, actual, recorded)
    content, how = _content(hashes), _how(trial)
    if not has_run(content, *how):
        _try(trial, manifest.name)
        note_run(content, *how)


def check_file(manifest: Manifest, folder: Path, path: str) -> None:
    """Check that a small file of a model's folder is the one that was recorded.

    Raises:
        ModelError: It is not, or cannot be read.
    """
    recorded = manifest.files[path].sha256 if path in manifest.files else ""
    if recorded and (actual := _hashes(folder / path)[""]) != recorded:
        raise _changed(manifest, folder, folder / path, actual, recorded)


def compiled_trials(manifest: Manifest, folder: Path, kind: NetworkKind, image_size: int) -> list[Trial]:
    """Return the trials of a network's compiled files, one a precision; none where it is not compiled for the size."""
    compiled = manifest.networks[kind].compiled.get(str(image_size))
    if compiled is None or compiled.file is None:
        return []
    precisions = [each for each in (DEFAULT, *compiled.variants) if each in ENGINES[COMPILED].precisions]
    return [trial_of(manifest, folder, kind, image_size, COMPILED, each) for each in precisions]


def note_made(manifest: Manifest, folder: Path, kind: NetworkKind, image_size: int, *, is_trusted: bool) -> None:
    """Note of a network that was just made that it passed: it was run where it was made, in another process.

    Args:
        manifest: The model's, with the hashes that were recorded when the network was made.
        folder: The model's.
        kind: Which of its networks.
        image_size: The side in pixels of the images that it was made for.
        is_trusted: Whether operations that could act on this machine may run.
    """
    trials = compiled_trials(manifest, folder, kind, image_size)
    if manifest.networks[kind].saved_model is not None:
        trials.append(trial_of(manifest, folder, kind, image_size, REFERENCE, is_trusted=is_trusted))
    for trial in trials:
        if hashes := _recorded(manifest, trial.path, folder):
            note_run(_content(hashes), *_how(trial))


def _hashes(path: Path) -> dict[str, str]:
    """Return the SHA-256 of a file, by "", or of each file of a folder, by its path in it.

    Raises:
        ModelError: It cannot be read.
    """
    try:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            return {file.relative_to(path).as_posix(): digest_of(file) for file in files}
        return {"": digest_of(path)}
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error


def _recorded(manifest: Manifest, path: Path, folder: Path) -> dict[str, str]:
    """Return the hashes that a manifest has of a network's files, as `_hashes` has them."""
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    found = {}
    for each, record in manifest.files.items():
        if record.sha256 and (each == name or each.startswith(f"{name}/")):
            found["" if each == name else PurePosixPath(each).relative_to(name).as_posix()] = record.sha256
    return found


def _content(hashes: dict[str, str]) -> str:
    """Return the SHA-256 of a file, or that of a folder's names and hashes."""
    if hashes.keys() == {""}:
        return hashes[""]
    from mobilenet_cli.machine.hashes import hash_of_folder

    return hash_of_folder(hashes)


def _how(trial: Trial) -> tuple[object, ...]:
    version = ENGINES[trial.engine].version()
    return version, trial.image_size, trial.taken, trial.precision, trial.width, trial.is_trusted


def _try(trial: Trial, name: str) -> None:
    from mobilenet_cli.in_tensorflow.limits import BUILDING, CHECKING
    from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
    from mobilenet_cli.in_tensorflow.trial import try_network

    limits = CHECKING if ENGINES[trial.engine].opens == "compiled" else BUILDING  # TensorFlow alone takes seconds
    try:
        with TensorFlowProcess(silent) as process, process.within(limits):
            process.call(try_network, trial)
    except ProcessError as error:
        raise ModelError(
            f"{name} is not run: in a process of its own, {trial.path} made that crash: {error}"
        ) from error
    except ModelError as error:
        raise ModelError(f"{name} is not run: {trial.path} was tried in a process of its own: {error}") from error


def _changed(manifest: Manifest, folder: Path, file: Path, actual: str | None, recorded: str) -> ModelError:
    found = f"its SHA-256 is {actual}, not {recorded}" if actual else "it is missing"
    name = manifest.name
    if folder != store.folder_of(name):
        return ModelError(f"{folder} is damaged: {file.name} has changed since the model was made: {found}")
    if not file.is_relative_to(folder):
        return ModelError(
            f"{file} has changed since it was first used, though its size and time have not: {found}; "
            f"`mnclassify models remove {name}` has it taken as it is now"
        )
    return ModelError(
        f"{name} in the store is damaged: {file.relative_to(folder)} has changed since it was stored: {found}; "
        f"`mnclassify models verify {name}` checks all its files, `mnclassify models remove {name}` removes it"
    )
