"""Weights that others have published → a SavedModel. These functions are called in the TensorFlow process."""

from __future__ import annotations

import shutil
from pathlib import Path

from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import SIGNED
from mobilenet_cli.in_tensorflow import LABELS
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


def convert_keras(path: Path, destination: Path, kind: NetworkKind, *, is_trusted: bool = False) -> Path:
    """Convert a Keras file to a SavedModel in `destination`, and return that.

    Raises:
        ModelError: As keras_files.convert.
    """
    from mobilenet_cli.in_tensorflow import keras_files

    labels = path.with_name(LABELS)
    is_teachable_machines = path.name == _TEACHABLE_MACHINES and labels.is_file()
    keras_files.convert(path, destination, SIGNED if is_teachable_machines else None, is_trusted=is_trusted)
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
