"""The first and last operations of a network: what they say of the input's range and of the output's kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.engines.network_input import BYTES, CAFFE, SIGNED, TORCH, UNIT, Input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AFFINE = {
    "Mul": lambda scale, offset, by: (scale * by, offset * by),
    "RealDiv": lambda scale, offset, by: (scale / by, offset / by),
    "Add": lambda scale, offset, by: (scale, offset + by),
    "Sub": lambda scale, offset, by: (scale, offset - by),
}
_SAME_VALUES = ("Cast", "Identity", "Reshape", "Squeeze", "Quantize", "Dequantize")
_SAME_RANGE = (
    *_SAME_VALUES,
    *("ResizeBilinear", "ResizeNearestNeighbor", "Transpose", "StridedSlice", "ReverseV2", "Pack"),
)
_BOUND_TOLERANCE = 0.05
_OUTER = (UNIT, SIGNED, BYTES)
# The last two are what is left where a converter has put a scale into the weights of the first convolution.
_INNER = (
    UNIT,
    SIGNED,
    BYTES,
    TORCH,
    CAFFE,
    Input.of_range(-127.5, 127.5),
    Input.of_pixels((123.68, 116.779, 103.939), (1,)),
)


@dataclass(frozen=True, slots=True)
class GraphEnds:
    """The ends of a network.

    Attributes:
        input: The input that the first operations show: arithmetic that turns it into another known range, or
            quantisation; None where they show nothing.
        last: The operation that makes the output: "Softmax", "Sigmoid", or another's name; "" if unknown.
    """

    input: Input | None
    last: str


@dataclass(frozen=True, slots=True)
class _Step:
    """An operation: its name as in TensorFlow, its inputs and outputs, and its constant input where it has one."""

    name: str
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    constant: NDArray[Any] | None


def ends_of_file(file: Path) -> GraphEnds:
    """Return the ends of a .tflite file that LiteRT has opened."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    graph = model.subgraphs[0]
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    steps = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = _name(names.get(max(code.builtinCode, code.deprecatedBuiltinCode), ""))
        constants = (_constant(model, graph.tensors[index], schema) for index in operator.inputs if index >= 0)
        constant = next((each for each in constants if each is not None), None)
        steps.append(_Step(name, tuple(operator.inputs), tuple(operator.outputs), constant))
    taken = _quantised(graph.tensors[graph.inputs[0]])
    if taken is None:
        first = _only_use(steps, graph.inputs[0])
        if first is not None and first.name == "Quantize":
            taken = _quantised(graph.tensors[first.outputs[0]])
    return GraphEnds(taken or _rescaled(steps, graph.inputs[0]), _last(steps, graph.outputs[0]))


def ends_of_function(function: Any) -> GraphEnds:
    """Return the ends of a traced function with one input and one output, whose variables become constants here."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(function)
    operations = frozen.graph.get_operations()
    constants: dict[str, NDArray[Any] | None] = {}
    steps = []
    for operation in operations:
        inputs = tuple(tensor.name for tensor in operation.inputs)
        outputs = tuple(tensor.name for tensor in operation.outputs)
        if operation.type == "Const":
            constants |= dict.fromkeys(outputs, _tensor(operation))
        elif (value := _folded(operation.type, [constants.get(each) for each in inputs])) is not None:
            constants |= dict.fromkeys(outputs, value)
        name = {"AddV2": "Add", "BiasAdd": "Add"}.get(operation.type, operation.type)
        constant = next((constants[each] for each in inputs if constants.get(each) is not None), None)
        steps.append(_Step(name, inputs, outputs, constant))
    return GraphEnds(_rescaled(steps, frozen.inputs[0].name), _last(steps, frozen.outputs[0].name))


def _folded(operation: str, inputs: list[NDArray[Any] | None]) -> NDArray[Any] | None:
    """Return what an operation makes of constants, as a Normalization layer does of its variance; None if unknown."""
    import numpy as np

    given = [each for each in inputs if each is not None]
    if not given or len(given) < len(inputs):
        return None
    if operation in _SAME_VALUES and len(given) == 1:
        return given[0]
    folds: dict[str, Callable[..., Any]] = {
        "Sqrt": np.sqrt,
        "Rsqrt": lambda value: 1 / np.sqrt(value),
        "Maximum": np.maximum,
    }
    return np.asarray(folds[operation](*given)) if operation in folds else None


def _rescaled(steps: list[_Step], start: Any) -> Input | None:
    """Return the one known input that the arithmetic at the network's start turns into another one."""
    import numpy as np

    scale, offset = np.ones(3), np.zeros(3)
    at, is_changed = start, False
    while (step := _only_use(steps, at)) is not None:
        if step.name in _AFFINE and step.constant is not None and step.constant.size in (1, 3):
            if step.name in ("RealDiv", "Sub") and step.inputs[0] != at:
                break
            change: Callable[..., Any] = _AFFINE[step.name]
            scale, offset = change(scale, offset, step.constant.reshape(-1).astype(np.float64))
            is_changed = True
        elif step.name not in _SAME_RANGE:
            break
        at = step.outputs[0]
    if not is_changed:
        return None
    fitting = [outer for outer in _OUTER if _is_known(*((bound * scale + offset) for bound in _bounds(outer)))]
    return fitting[0] if len(fitting) == 1 else None


def _is_known(low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    return any(_is_near(low, high, inner) for inner in _INNER)


def _is_near(low: Any, high: Any, known: Input) -> bool:
    least, most = _bounds(known)
    allowed = _BOUND_TOLERANCE * (most - least)
    return bool((abs(low - least) <= allowed).all() and (abs(high - most) <= allowed).all())


def _bounds(known: Input) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a network takes for black and for white, a number a channel."""
    import numpy as np

    mean, std = np.array(known.mean), np.array(known.std)
    return -mean / std, (1 - mean) / std


def _quantised(tensor: Any) -> Input | None:
    """Return the known input whose range is that of a quantised tensor."""
    details = tensor.quantization
    if details is None or details.scale is None or len(details.scale) != 1 or tensor.type not in _LEAST:
        return None
    least = _LEAST[tensor.type]
    low, high = ((code - int(details.zeroPoint[0])) * float(details.scale[0]) for code in (least, least + 255))
    if min(_bounds(TORCH)[0]) * 1.05 <= low <= -1.9 and 2.3 <= high <= max(_bounds(TORCH)[1]) * 1.05:
        return TORCH
    fitting = [known for known in _OUTER if _is_near(low, high, known)]
    return fitting[0] if fitting else None


_LEAST = {3: 0, 9: -128}
"""The least code of TensorType.UINT8 and TensorType.INT8."""


def _only_use(steps: list[_Step], tensor: Any) -> _Step | None:
    """Return the one operation that takes a tensor or, where channels are taken apart, the one that joins them."""
    uses = [step for step in steps if tensor in step.inputs]
    if len(uses) > 1 and all(step.name == "StridedSlice" for step in uses):
        parts = [step.outputs[0] for step in uses]
        uses = [step for step in steps if not set(parts).isdisjoint(step.inputs)]
        return uses[0] if len(uses) == 1 and uses[0].name == "Pack" else None
    return uses[0] if len(uses) == 1 else None


def _last(steps: list[_Step], output: Any) -> str:
    """Return the operation that makes the output, behind those that leave its values as they are."""
    makers = {made: step for step in steps for made in step.outputs}
    while (step := makers.get(output)) is not None and step.name in _SAME_VALUES:
        output = step.inputs[0]
    return "" if step is None else step.name


def _name(builtin: str) -> str:
    """Return TensorFlow's name of one of LiteRT's operations."""
    known = {
        "LOGISTIC": "Sigmoid",
        "DIV": "RealDiv",
        "LOG_SOFTMAX": "LogSoftmax",
        "RESIZE_BILINEAR": "ResizeBilinear",
        "STRIDED_SLICE": "StridedSlice",
        "REVERSE_V2": "ReverseV2",
        "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighbor",
    }
    return known.get(builtin, builtin.title() if builtin.isalpha() else builtin)


def _constant(model: Any, tensor: Any, schema: Any) -> NDArray[np.float32] | None:
    import numpy as np

    data = model.buffers[tensor.buffer].data
    if data is None or tensor.type != schema.TensorType.FLOAT32:
        return None
    return np.frombuffer(bytes(data), np.float32)


def _tensor(operation: Any) -> NDArray[Any] | None:
    import numpy as np
    from tensorflow import make_ndarray

    value: NDArray[Any] = make_ndarray(operation.get_attr("value"))
    return value if np.issubdtype(value.dtype, np.number) else None
