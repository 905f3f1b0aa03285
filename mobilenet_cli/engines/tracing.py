"""A loaded SavedModel → a traced function of images, and how the SavedModel takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from mobilenet_cli.engines.loading import import_tensorflow
from mobilenet_cli.engines.network_input import BYTES, UNIT, Input
from mobilenet_cli.errors import ModelError
from mobilenet_cli.machine.native_logs import silenced
from mobilenet_cli.text import first_line

# The names that image classifiers give their output, where a signature has several.
_OUTPUT_NAMES = ("logits", "default", "output_0", "predictions", "probabilities", "feature_vector")


def concrete_function(model: Any, image_size: int, taken: Input | None = None) -> Any:
    """Trace a loaded SavedModel for float32 [None, image_size, image_size, 3] in [0, 1] → float32 [None, classes].

    The object's own call is preferred (TF Hub's reusable SavedModels, Keras), then its serving signature. What a
    signature takes instead (other numbers, another type, [N, 3, H, W]) becomes a part of the traced function.

    Args:
        model: What `load` returned.
        image_size: The side of the images in pixels.
        taken: The numbers that the model takes; None: 0 to 1, or bytes where it takes integers.

    Raises:
        ModelError: It takes no images, or the output is not [N, classes].
    """
    tf = import_tensorflow()
    spec = tf.TensorSpec([None, image_size, image_size, 3], tf.float32, name="images")
    reasons = []
    for taker in _takers(model):
        if (unfit := taker.unfit()) is not None:
            reasons.append(unfit)
            continue
        try:
            with silenced():
                function = tf.function(partial(_classify, taker, taken), autograph=False).get_concrete_function(spec)
        except ModelError as error:
            reasons.append(str(error))
            continue
        except Exception as error:  # a call that does not fit raises TypeError, ValueError or an OpError
            reasons.append(taker.described() or _first_clause(error))
            continue
        shape = function.structured_outputs.shape
        if shape.rank == 2 and function.structured_outputs.dtype == tf.float32:
            return function
        reasons.append(f"its output is {function.structured_outputs.dtype.name} {shape}")
    own = [reason for reason in reasons if reason.startswith("its ")] or reasons
    raise ModelError(
        f"this SavedModel does not classify images of [N, {image_size}, {image_size}, 3]: "
        + ("; ".join(dict.fromkeys(own)) or "it can't be called and has no signature")
    )


def _first_clause(error: Exception) -> str:
    """Return the beginning of an error of TensorFlow's, without the arguments that it quotes."""
    return first_line(error).partition(" Received args")[0]


def _classify(taker: _Taker, taken: Input | None, images: Any) -> Any:
    tf = import_tensorflow()
    outputs = _single(taker.call(taker.prepared(images, taken)))
    if (outputs.shape.rank or 0) > 2 and set(outputs.shape[1:-1]) == {1}:  # [N, 1, 1, classes]
        outputs = tf.reshape(outputs, [-1, outputs.shape[-1]])
    return tf.cast(outputs, tf.float32) if outputs.dtype in (tf.float16, tf.bfloat16, tf.float64) else outputs


@dataclass(frozen=True, slots=True)
class _Taker:
    """One way of calling a SavedModel on images.

    Attributes:
        call: Makes the outputs of the images.
        name: The name of a signature's input; "" for the object's own call.
        spec: The TensorSpec of a signature's input; None for the object's own call, on float32 [N, H, W, 3].
    """

    call: Callable[[Any], Any]
    name: str = ""
    spec: Any = None

    @property
    def is_planar(self) -> bool:
        """Whether it takes [N, 3, H, W]."""
        if self.spec is None or self.spec.shape.rank != 4:
            return False
        _, depth, _, width = self.spec.shape
        return bool(depth == 3 and width != 3)

    def unfit(self) -> str | None:
        """Return why it does not take images as arrays of numbers, or None."""
        if self.spec is None:
            return None
        if self.spec.dtype.name == "string":
            return f"{self.described()}: encoded images, not pixels"
        is_number = self.spec.dtype.is_floating or self.spec.dtype.is_integer
        return None if is_number and self.spec.shape.rank in (None, 4) else self.described()

    def described(self) -> str:
        """Return the model's own input in words, "" for the object's own call."""
        if self.spec is None:
            return ""
        rank = self.spec.shape.rank
        sides = ["N", *("any" if side is None else str(side) for side in self.spec.shape[1:])] if rank else []
        return f"its input {self.name!r} is {self.spec.dtype.name} [{', '.join(sides)}]"

    def prepared(self, images: Any, taken: Input | None) -> Any:
        """Return images, float32 [N, H, W, 3] in [0, 1], as they are taken."""
        tf = import_tensorflow()
        dtype = tf.float32 if self.spec is None else self.spec.dtype
        if taken is None and dtype.is_integer:
            taken = BYTES
        if taken is not None and taken != UNIT:
            ordered = images if taken.channels == "rgb" else images[..., ::-1]
            images = (ordered - tf.constant(taken.mean)) / tf.constant(taken.std)
        if dtype.is_integer:
            # By minimum and maximum, since LiteRT has no counterpart for saturate_cast.
            whole = tf.minimum(tf.maximum(tf.round(images), float(dtype.min)), float(dtype.max))
            images = tf.cast(whole, dtype)
        elif dtype != tf.float32:
            images = tf.cast(images, dtype)
        return tf.transpose(images, [0, 3, 1, 2]) if self.is_planar else images


def takes_other_arrays(model: Any, image_size: int) -> bool:
    """Return whether what `concrete_function` chooses takes another type or layout than float32 [N, H, W, 3]."""
    chosen = _chosen(model, image_size)
    return chosen is not None and chosen.spec is not None and (chosen.spec.dtype.name != "float32" or chosen.is_planar)


def takes_integers(model: Any, image_size: int) -> bool:
    """Return whether what `concrete_function` chooses takes integers, which are the bytes of the pixels."""
    chosen = _chosen(model, image_size)
    return chosen is not None and chosen.spec is not None and bool(chosen.spec.dtype.is_integer)


def has_hub_call(model: Any) -> bool:
    """Return whether a SavedModel has the call of TF Hub's reusable image models, whose images are 0 to 1.

    It has a batch-norm momentum: see "Common SavedModel APIs for Image Tasks".
    """
    return callable(model) and "batch_norm_momentum" in inspect.signature(model.__call__).parameters


def has_hub_signature(model: Any) -> bool:
    """Return whether a SavedModel's signature is called as those of TF Hub's image models.

    That is from `inputs` or `images` to `logits`, `feature_vector` or `default`: names that others give too.
    """
    if hasattr(model, "keras_api"):
        return False
    signature = getattr(model, "signatures", {}).get("serving_default")
    if signature is None:
        return False
    takes, makes = signature.structured_input_signature[1], signature.structured_outputs
    is_hubs = all(
        name in ("inputs", "images") and spec.dtype.name == "float32" and spec.shape.rank == 4 and spec.shape[3] == 3
        for name, spec in takes.items()
    )
    return is_hubs and len(takes) == 1 and not {"logits", "feature_vector", "default"}.isdisjoint(makes)


def fixed_image_size(model: Any) -> int | None:
    """Return the side in pixels of the square images that a loaded SavedModel's signature or call is fixed to."""
    tf = import_tensorflow()
    functions = [*getattr(model, "signatures", {}).values()]
    if callable(model):
        functions += getattr(model.__call__, "concrete_functions", None) or []
    for function in functions:
        for spec in tf.nest.flatten(function.structured_input_signature):
            if isinstance(spec, tf.TensorSpec) and spec.shape.rank == 4:
                at = 2 if _Taker(function, spec=spec).is_planar else 1
                if spec.shape[at] is not None and spec.shape[at] == spec.shape[at + 1]:
                    return int(spec.shape[at])
    return None


def _chosen(model: Any, image_size: int) -> _Taker | None:
    tf = import_tensorflow()
    spec = tf.TensorSpec([None, image_size, image_size, 3], tf.float32)
    for taker in _takers(model):
        try:
            with silenced():
                if taker.unfit() is None:
                    tf.function(partial(_classify, taker, None), autograph=False).get_concrete_function(spec)
                    return taker
        except Exception:  # noqa: S112 - as in concrete_function, which says what is wrong
            continue
    return None


def _takers(model: Any) -> list[_Taker]:
    takers: list[_Taker] = []
    if callable(model):
        takers += [_Taker(lambda images: model(images, training=False)), _Taker(model)]
    signatures = getattr(model, "signatures", {})
    for key in sorted(signatures, key=lambda key: (key != "serving_default", key)):
        signature = signatures[key]
        takes = signature.structured_input_signature[1]
        if len(takes) == 1:
            ((name, spec),) = takes.items()
            takers.append(_Taker(partial(_call_signature, signature, name), name, spec))
    return takers


def _call_signature(signature: Any, name: str, images: Any) -> Any:
    return signature(**{name: images})


def _single(outputs: Any) -> Any:
    """Pick the one tensor of logits out of what a model returns."""
    if isinstance(outputs, list | tuple) and len(outputs) == 1:
        return _single(outputs[0])
    if isinstance(outputs, list | tuple):
        raise ModelError(f"its outputs are {len(outputs)} tensors without names, and not the logits alone")
    if not isinstance(outputs, dict):
        return outputs
    if len(outputs) == 1:
        return _single(next(iter(outputs.values())))
    for name in _OUTPUT_NAMES:
        if name in outputs:
            return outputs[name]
    raise ModelError(f"its outputs are {', '.join(sorted(outputs))}, of which none is known to be the logits")
