"""The forms that a model on the disk can have: one table, for finding a model and for making a network of it.

A new form is a function that converts it, in `in_tensorflow`, and a row here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow import conversion, packaged
from mobilenet_cli.models.manifest import MANIFEST
from mobilenet_cli.records import NetworkKind

Convert = Callable[..., Path]
"""Makes a SavedModel's folder or a .tflite file of (path, destination, kind), and returns its path."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of model.

    Attributes:
        text: How messages describe a file or folder of it; "" where they leave it out.
        folder_holds: Patterns, of which a file in a folder of this form matches one.
        folder_text: How messages describe such a folder's content, or "".
        file_name: A regular expression for the end of a file's name, or "".
        prefix_of: The ending of a file whose name without it stands for the model, or "".
        kinds: The networks that can be made of it.
        convert: Called in the TensorFlow process to make one; None where the model is used as it is.
        may_hold_code: Whether `convert` takes `is_trusted`: that Python code in the model may run.
    """

    text: str
    folder_holds: tuple[str, ...] = ()
    folder_text: str = ""
    file_name: str = ""
    prefix_of: str = ""
    kinds: tuple[NetworkKind, ...] = ("classification",)
    convert: Convert | None = None
    may_hold_code: bool = False


TRAINED = Form("", folder_holds=(MANIFEST,), folder_text=f"model of `mnclassify train` ({MANIFEST})")
"""A folder laid out as in the store, as `train` writes it."""

FORMS = (
    Form("a SavedModel folder", folder_holds=("saved_model.pb",), folder_text="SavedModel (saved_model.pb)"),
    TRAINED,
    Form(
        "a TF-Slim checkpoint (its folder, prefix or .index file)",
        folder_holds=("*.index",),
        folder_text="checkpoint (*.index)",
        file_name=r".\.(index|data-[^.]*)",
        prefix_of=".index",
        kinds=("classification", "feature_vector"),
        convert=conversion.convert_checkpoint,
    ),
    Form(
        "a .keras or .h5 file",
        file_name=r"\.(keras|h5|hdf5)",
        convert=conversion.convert_keras,
        may_hold_code=True,
    ),
    Form("a frozen graph (.pb)", file_name=r"(?<!saved_model)\.pb", convert=conversion.convert_frozen_graph),
    Form("a .tflite file", file_name=r"\.(tflite|lite)"),
    Form(
        "a .zip, .tar.gz, .tgz or .tar of one of these, such as Teachable Machine's export",
        folder_holds=("*.keras", "*.h5", "*.tflite"),
        folder_text="Keras file or .tflite",
        file_name=r"\.(zip|tar\.gz|tgz|tar)",
        convert=packaged.convert_packaged,
        may_hold_code=True,
    ),
)
"""In the order in which a folder is looked at."""

_PYTORCH = (
    "a PyTorch file, which does not say what network it is of: in PyTorch, export it with litert_torch.convert(model, "
    "images).export('model.tflite') (package litert-torch), and give that with --mean and --std"
)
_ONNX = (
    "an ONNX file: convert it with `onnx2tf -i FILE` (package onnx2tf), and give the .tflite or SavedModel that it "
    "makes, with --mean and --std"
)
_TENSORFLOW_JS = (
    "a TensorFlow.js model: give the Keras file or SavedModel that it was made from, or what `tensorflowjs_converter "
    "--input_format=tfjs_layers_model --output_format=keras` (package tensorflowjs) makes of model.json"
)
_CORE_ML = "a Core ML model, which cannot be converted back: give the model that it was made from"
_ADVICE = (
    (r"model\.json", _TENSORFLOW_JS),
    (r"\.onnx", _ONNX),
    (r"\.(pt|pth|safetensors|torchscript|jit|mar|pt2)|pytorch_model\.bin", _PYTORCH),
    (r"\.(mlmodel|mlpackage)", _CORE_ML),
    (r"saved_model\.pb", "a part of a SavedModel: give its folder"),
)
"""The ends of names of models that are refused, and how messages go on: what it is, and how to convert it."""


def form_at(path: Path) -> Form | None:
    """Return the form of the model at a path, None where there is nothing.

    Raises:
        OSError: The path cannot be looked at.
        ModelError: There is something that is no model.
    """
    if path.is_dir():
        return _form_of_folder(path)
    if not path.is_file():
        prefixes = (form for form in FORMS if form.prefix_of)
        return next((form for form in prefixes if path.with_name(path.name + form.prefix_of).is_file()), None)
    for form in FORMS:
        if form.file_name and _ends_in(path, form.file_name):
            return form
    _refuse_known(path)
    texts = [form.text for form in FORMS if form.text]
    raise ModelError(f"{path} is no model: that is {', '.join(texts[:-1])}, or {texts[-1]}")


def _form_of_folder(path: Path) -> Form:
    for form in FORMS:
        if any(_holds(path, pattern) for pattern in form.folder_holds):
            return form
    _refuse_known(path, *sorted(path.iterdir()))
    texts = [form.folder_text for form in FORMS if form.folder_text]
    raise ModelError(f"{path} is a folder, but holds no {', no '.join(texts[:-1])} and no {texts[-1]}")


def _holds(folder: Path, pattern: str) -> bool:
    return any(folder.glob(pattern)) if "*" in pattern else (folder / pattern).is_file()


def _ends_in(path: Path, pattern: str) -> bool:
    return re.search(rf"(?is:{pattern})\Z", path.name) is not None


def _refuse_known(*paths: Path) -> None:
    """Raise ModelError at a model of another kind, with what can be done with it."""
    for pattern, advice in _ADVICE:
        for path in paths:
            if _ends_in(path, pattern):
                raise ModelError(f"{path} is {advice}")
