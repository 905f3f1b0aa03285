"""Keras' .keras and .h5 files → a SavedModel. Called in the TensorFlow process.

What a file holds is checked before Keras sees it: a Lambda layer is Python code, which would run as it is loaded.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import BYTES, CAFFE, SIGNED, TORCH, Input
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import stated_input
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import first_line

_OWN_MODULES = re.compile(r"(keras|tf_keras|tensorflow\.keras|builtins)(\..*)?")
_HARMLESS_OPERATIONS = re.compile(
    r"(math|nn|image|__operators__)\..*|cast|reshape|concat|transpose|clip_by_value|identity"
)

# Keras applications by the names of their models, and what their preprocess_input makes of images
# (keras/applications/*.py, imagenet_utils.preprocess_input).
_APPLICATIONS = (
    (
        re.compile(r"(mobilenet_|mobilenetv2_|inception_v3|inception_resnet_v2|xception|nasnet|resnet\d+v2)", re.I),
        SIGNED,
    ),
    (re.compile(r"densenet", re.I), TORCH),
    (re.compile(r"(vgg\d+|resnet\d+$)", re.I), CAFFE),
    (re.compile(r"(efficientnet|mobilenetv3|convnext)", re.I), BYTES),
)


def convert(file: Path, destination: Path, stated: Input | None = None) -> None:
    """Save a Keras model as a SavedModel in `destination`, with its input where it is one of Keras' applications.

    Args:
        file: A .keras or .h5 file.
        destination: Where the SavedModel goes.
        stated: What it takes, where that is known.

    Raises:
        ModelError: It is damaged, holds Python code, or is no network from one image to one row of numbers.
    """
    tf = import_tensorflow()
    _check_code(_config_of(file))
    model = _loaded(file)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{file.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "an image classifier has one of each"
        )
    shape = [None, *model.inputs[0].shape[1:]]
    module = tf.Module()
    module.model = model
    spec = tf.TensorSpec(shape, tf.as_dtype(model.inputs[0].dtype), name="pixels")
    serve = tf.function(lambda pixels: {"scores": model(pixels, training=False)}, input_signature=[spec])
    with silenced():
        tf.saved_model.save(module, str(destination), signatures={"serving_default": serve})
    known = stated or _application(model)
    if known is not None:
        stated_input.write(destination, known)


def _config_of(file: Path) -> Any:
    """Return the layers of a model as its file describes them."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                return json.loads(archive.read("config.json"))
        import h5py

        with h5py.File(file, "r") as opened:
            config = opened.attrs.get("model_config")
            if config is None:
                raise ModelError(f"{file.name} holds weights alone: save the whole model, with model.save(…)")
            return json.loads(config)
    except ModelError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError and others for a damaged file
        raise ModelError(f"{file.name} is no Keras model: {first_line(error)}") from error


def _check_code(config: Any) -> None:
    """Raise ModelError where the description names Python code, or code from outside of Keras."""
    for part in _parts(config):
        name = part.get("class_name")
        if name in ("Lambda", "__lambda__", "function"):
            raise ModelError(f"it has a {name} layer, which is Python code of its author's and is not run")
        settings = part.get("config")
        if name in ("TFOpLambda", "SlicingOpLambda") and isinstance(settings, dict):
            operation = str(settings.get("function", ""))
            if not _HARMLESS_OPERATIONS.fullmatch(operation):
                raise ModelError(f"it calls {operation!r}, which is no layer of Keras")
        module = part.get("module")
        if isinstance(module, str) and not _OWN_MODULES.fullmatch(module):
            raise ModelError(f"it needs the module {module!r}, which is not Keras' own")


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _parts(each)


def _loaded(file: Path) -> Any:
    """Return what Keras 3 makes of a file or, where that cannot read it, Keras 2."""
    import keras
    import tf_keras

    reasons = []
    for library, options in ((keras, {"safe_mode": True}), (tf_keras, {})):
        try:
            with silenced():
                return library.models.load_model(str(file), compile=False, **options)
        except Exception as error:  # every version raises errors of its own
            reasons.append(first_line(error))
    raise ModelError(f"neither Keras 3 nor Keras 2 can load {file.name}: {'; '.join(dict.fromkeys(reasons))}")


def _application(model: Any) -> Input | None:
    """Return what the application takes that a model is, or begins with."""
    first = next((layer for layer in model.layers if type(layer).__name__ != "InputLayer"), None)
    names = [model.name, *([first.name] if first is not None and hasattr(first, "layers") else [])]
    for name in names:
        for pattern, known in _APPLICATIONS:
            if pattern.match(name):
                return known
    return None
