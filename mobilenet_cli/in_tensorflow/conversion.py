"""Weights that others have published → a SavedModel. These functions are called in the TensorFlow process."""

from __future__ import annotations

import shutil
from pathlib import Path

from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import SIGNED
from mobilenet_cli.errors import ModelError
from mobilenet_cli.records import NetworkKind

_TEACHABLE_MACHINES = "keras_model.h5"


def build_embedded(destination: Path, kind: NetworkKind) -> None:
    """Build EfficientNet-Lite0 of the weights that are installed, and save it in `destination`.

    Raises:
        ModelError: The weights are missing or not the known ones.
    """
    import_tensorflow()  # first, since it keeps the log lines of the import off the terminal
    from mobilenet_cli.in_tensorflow.networks import efficientnet_lite0

    efficientnet_lite0.build(destination, kind)


def convert_checkpoint(path: Path, destination: Path, kind: NetworkKind) -> Path:
    """Convert a TF-Slim checkpoint of MobileNet V1 to a SavedModel in `destination`, and return that.

    Raises:
        ModelError: As slim_checkpoint.convert.
    """
    import_tensorflow()
    from mobilenet_cli.in_tensorflow.networks import slim_checkpoint

    slim_checkpoint.convert(path, destination, kind)
    return destination


def convert_keras(path: Path, destination: Path, kind: NetworkKind) -> Path:
    """Convert a Keras file to a SavedModel in `destination`, and return that.

    Raises:
        ModelError: As keras_files.convert.
    """
    from mobilenet_cli.in_tensorflow import keras_files

    labels = path.with_name("labels.txt")
    is_teachable_machines = path.name == _TEACHABLE_MACHINES and labels.is_file()
    keras_files.convert(path, destination, SIGNED if is_teachable_machines else None)
    if is_teachable_machines:
        shutil.copyfile(labels, destination / labels.name)
    return destination


def convert_frozen_graph(path: Path, destination: Path, kind: NetworkKind) -> Path:
    """Convert a frozen graph to a SavedModel in `destination`, and return that.

    Raises:
        ModelError: As frozen_graph.convert.
    """
    from mobilenet_cli.in_tensorflow import frozen_graph

    frozen_graph.convert(path, destination)
    return destination


def convert_teachable_machine(path: Path, destination: Path, kind: NetworkKind) -> Path:
    """Convert what Teachable Machine exports: keras_model.h5 or model*.tflite, with labels.txt, in a folder or a zip.

    Its networks take −1 to 1.

    Returns:
        A SavedModel's folder at `destination`, or a .tflite file beside it.

    Raises:
        ModelError: It is damaged, or holds no such model or several.
    """
    from mobilenet_cli.in_tensorflow import archive, keras_files

    if path.is_dir():
        folder, unpacked = path, None
    else:
        folder = unpacked = Path(f"{destination}.unpacked")
    try:
        if unpacked is not None:
            archive.unzip(path, unpacked)
        labels = _only(folder, "labels.txt")
        if keras_file := _only(folder, _TEACHABLE_MACHINES):
            keras_files.convert(keras_file, destination, SIGNED)
            if labels is not None:
                shutil.copyfile(labels, destination / labels.name)
            return destination
        if compiled := _only(folder, "*.tflite"):
            if labels is not None:
                shutil.copyfile(labels, destination.parent / labels.name)
            return Path(shutil.copyfile(compiled, destination.with_name(compiled.name)))
        raise ModelError("it holds no keras_model.h5 and no .tflite, as Teachable Machine's exports do")
    finally:
        if unpacked is not None:
            shutil.rmtree(unpacked, ignore_errors=True)


def unpack_archive(path: Path, destination: Path, kind: NetworkKind) -> Path:
    """Unpack an archive and return the path of the model in it.

    Of several forms, a SavedModel is taken before a checkpoint (TF-Slim's archives hold more than that), and a
    checkpoint before a .tflite.

    Returns:
        A SavedModel's folder at `destination`, or a .tflite file beside it.

    Raises:
        ModelError: It is damaged, would write outside of its folder, or holds no model or several of one form.
    """
    from mobilenet_cli.in_tensorflow import archive

    folder = Path(f"{destination}.unpacked")
    try:
        archive.unpack(path, folder)
        if saved_model := _only(folder, "saved_model.pb"):
            return saved_model.parent.rename(destination)
        if index := _only(folder, "*.index"):
            return convert_checkpoint(index, destination, kind)
        if compiled := _only(folder, "*.tflite"):
            return compiled.rename(f"{destination}.tflite")
        raise ModelError("the archive holds no SavedModel, no checkpoint and no .tflite")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _only(folder: Path, pattern: str) -> Path | None:
    """Return the one file below `folder` that matches, None where none does."""
    found = sorted(folder.rglob(pattern))
    if len(found) > 1:
        names = ", ".join(file.relative_to(folder).as_posix() for file in found)
        raise ModelError(f"the archive holds several models: {names}; unpack it and name one")
    return found[0] if found else None
