"""Weights that others have published → a SavedModel. These functions are called in the TensorFlow process."""

from __future__ import annotations

import shutil
from pathlib import Path

from mobilenet_cli.engines.savedmodel import import_tensorflow
from mobilenet_cli.errors import ModelError
from mobilenet_cli.records import NetworkKind


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
