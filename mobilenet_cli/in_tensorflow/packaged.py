"""A model among other files, in a folder or an archive → a SavedModel or a .tflite.

Called in the TensorFlow process.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import LABELS, archive, conversion
from mobilenet_cli.records import NetworkKind

_OWN = "manifest.json"
"""What a model of `train` or `models export` has: it says of the network what would have to be found by trying."""


def convert_packaged(path: Path, destination: Path, kind: NetworkKind, *, is_trusted: bool = False) -> Path:
    """Convert the model in a folder or in a .zip or .tar archive, with the labels.txt beside it, and return its path.

    Of several forms, a SavedModel is taken before a checkpoint (TF-Slim's archives hold more than that), then a Keras
    file, a .tflite and a frozen graph.

    Returns:
        A SavedModel's folder at `destination`, or a .tflite file beside it.

    Raises:
        ModelError: It is damaged, would write outside of its folder, or holds no model or several of one form.
    """
    if path.is_dir():
        return _converted(path, destination, kind, is_trusted=is_trusted)
    folder = Path(f"{destination}.unpacked")
    try:
        (archive.unzip if path.suffix.lower() == ".zip" else archive.unpack)(path, folder)
        return _converted(folder, destination, kind, is_trusted=is_trusted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _converted(folder: Path, destination: Path, kind: NetworkKind, *, is_trusted: bool) -> Path:
    _refuse_own(folder)
    labels = _only(folder, LABELS)
    if saved_model := _only(folder, "saved_model.pb"):
        shutil.copytree(saved_model.parent, destination)
    elif index := _only(folder, "*.index"):
        conversion.convert_checkpoint(index, destination, kind)
    elif keras_file := _only(folder, "*.keras", "*.h5", "*.hdf5"):
        conversion.convert_keras(keras_file, destination, kind, is_trusted=is_trusted)
    elif compiled := _only(folder, "*.tflite", "*.lite"):
        if labels is not None:
            shutil.copyfile(labels, destination.with_name(LABELS))
        return Path(shutil.copyfile(compiled, destination.with_name(compiled.name).with_suffix(".tflite")))
    elif graph := _only(folder, "*.pb"):
        conversion.convert_frozen_graph(graph, destination, kind)
    else:
        raise ModelError("it holds no SavedModel, no checkpoint, no .keras, no .h5, no .tflite and no frozen graph")
    if labels is not None and not (destination / LABELS).exists():
        shutil.copyfile(labels, destination / LABELS)
    return destination


def _refuse_own(folder: Path) -> None:
    """Raise ModelError where a model is, with all that it says of itself, that is used as a folder."""
    for file in folder.rglob(_OWN):
        with suppress(OSError, ValueError, RecursionError):  # somebody else's, or damaged
            content = json.loads(file.read_bytes())
            if isinstance(content, dict) and "networks" in content:
                raise ModelError("it holds a model's folder, as `mnclassify train` writes it: unpack it, and give that")


def _only(folder: Path, *patterns: str) -> Path | None:
    """Return the one file below `folder` that matches, None where none does."""
    found = sorted(file for pattern in patterns for file in folder.rglob(pattern))
    if len(found) > 1:
        names = ", ".join(file.relative_to(folder).as_posix() for file in found)
        raise ModelError(f"it holds several models or lists of labels: {names}; put the one that you want on its own")
    return found[0] if found else None
