"""Keras' .keras and .h5 files → a SavedModel. Called in the TensorFlow process.

What a file holds is checked before Keras sees it: a Lambda layer is Python code, which runs as it is converted.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import CAFFE, SIGNED, TORCH, Input
from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import stated_input
from mobilenet_cli.in_tensorflow.stated_input import StatedInput
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import counted, first_line

_OWN_MODULES = re.compile(r"(keras|tf_keras|tensorflow\.keras|builtins)(\..*)?")
_CODE = ("Lambda", "__lambda__", "function")
_HARMLESS_OPERATIONS = re.compile(
    r"(math|nn|image|__operators__)\..*|cast|reshape|concat|transpose|clip_by_value|identity"
)

# Keras applications by the names of their models, and what their preprocess_input makes of images
# (keras/applications/*.py, imagenet_utils.preprocess_input). Others have that in their first layers, or not at all.
_APPLICATIONS = (
    (
        re.compile(
            r"(mobilenet|mobilenetv2)_\d\.\d+_\d+|inception_v3|inception_resnet_v2|xception|nasnet\w*|resnet\d+v2", re.I
        ),
        SIGNED,
    ),
    (re.compile(r"densenet\d+", re.I), TORCH),
    (re.compile(r"(vgg|resnet)\d+", re.I), CAFFE),
)
_IMAGENET_CLASSES = 1000


def convert(file: Path, destination: Path, stated: Input | None = None, *, is_trusted: bool = False) -> None:
    """Save a Keras model as a SavedModel in `destination`, with its input where it is one of Keras' applications.

    Args:
        file: A .keras or .h5 file.
        destination: Where the SavedModel goes.
        stated: What it takes, where that is known.
        is_trusted: Whether the Python code of its Lambda layers may run; nothing else of it may.

    Raises:
        ModelError: It is damaged, holds Python code, or is no network from one image to one row of numbers.
    """
    tf = import_tensorflow()
    _check_code(_config_of(file), is_trusted=is_trusted)
    model = _loaded(file, is_trusted=is_trusted)
    if not model.built or not hasattr(model, "layers"):
        raise ModelError(f"{file.name} does not say which shape its input has: save the model after it was built")
    inputs, outputs = len(model.inputs), len(model.outputs)
    if inputs != 1 or outputs != 1:
        raise ModelError(
            f"{file.name} has {counted(inputs, 'input')} and {counted(outputs, 'output')}; "
            "an image classifier has one of each"
        )
    shape = [None, *model.inputs[0].shape[1:]]
    module = tf.Module()
    spec = tf.TensorSpec(shape, tf.as_dtype(model.inputs[0].dtype), name="pixels")
    serve = tf.function(lambda pixels: {"scores": model(pixels, training=False)}, input_signature=[spec])
    try:
        with silenced():
            # All that the call reads: layers that augment images have a state that the model does not list.
            module.read = list(serve.get_concrete_function().graph.variables)
            tf.saved_model.save(module, str(destination), signatures={"serving_default": serve})
    except Exception as error:  # whatever a layer raises, or TensorFlow as it saves
        raise ModelError(f"TensorFlow cannot convert {file.name}: {first_line(error)}") from error
    known = _application(model) if stated is None else StatedInput(stated)
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


def _check_code(config: Any, *, is_trusted: bool) -> None:
    """Raise ModelError where the description names Python code that is not trusted, or code from outside of Keras."""
    for part in _parts(config):
        name, settings = part.get("class_name"), part.get("config")
        if name in _CODE and not is_trusted:
            own = settings.get("name") if isinstance(settings, dict) else None
            called = f"Lambda layer {own!r}" if name == "Lambda" and own else "Lambda layer"
            raise ModelError(f"it has a {called}, which is Python code of its author's: --trust-model runs it")
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


def _loaded(file: Path, *, is_trusted: bool) -> Any:
    """Return what Keras 3 makes of a file or, where that cannot read it, Keras 2."""
    import keras
    import tf_keras

    reasons = []
    for library in (keras, tf_keras):
        try:
            with silenced():
                return library.models.load_model(str(file), compile=False, safe_mode=not is_trusted)
        except Exception as error:  # every version raises errors of its own
            reasons.append(first_line(error))
    raise ModelError(f"neither Keras 3 nor Keras 2 can load {file.name}: {'; '.join(dict.fromkeys(reasons))}")


def _application(model: Any) -> StatedInput | None:
    """Return what the application takes that a model is, or begins with.

    One with ImageNet's classes has the weights that were published with it; others may have been trained otherwise.
    """
    first = next((layer for layer in model.layers if type(layer).__name__ != "InputLayer"), None)
    names = [model.name, *([first.name] if first is not None and hasattr(first, "layers") else [])]
    for name in names:
        for pattern, known in _APPLICATIONS:
            if pattern.fullmatch(name):
                is_published = name == model.name and model.outputs[0].shape[-1] == _IMAGENET_CLASSES
                return StatedInput(
                    known, "" if is_published else f"it begins with Keras' {name}, which as a rule takes"
                )
    return None
