"""TensorFlow and SavedModels, loaded without the lines that TensorFlow logs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import first_line


def import_tensorflow() -> Any:
    """Import TensorFlow without the log lines of its start, and return it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced():
        import tensorflow
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def load(folder: Path) -> Any:
    """Return the object that `tf.saved_model.load` makes of `folder`.

    Raises:
        ModelError: The folder holds no SavedModel that TensorFlow can load.
    """
    if not (folder / "saved_model.pb").is_file():
        raise ModelError(f"{folder} is not a SavedModel: it has no saved_model.pb")
    tf = import_tensorflow()
    try:
        with silenced():
            return tf.saved_model.load(str(folder))
    except Exception as error:  # TensorFlow raises many kinds here, all of which mean a damaged model
        raise ModelError(f"TensorFlow cannot load the SavedModel {folder}: {first_line(error)}") from error
