"""The layers of a .tflite file, in the order in which they run."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DEPTHWISE = "DEPTHWISE_CONV_2D"
_WITH_WEIGHTS = ("CONV_2D", _DEPTHWISE, "FULLY_CONNECTED")


@dataclass(frozen=True, slots=True)
class Layer:
    """An operation.

    Attributes:
        name: The name of its output, by which the quantiser knows it.
        input: The number of the tensor that it takes.
        weights: The number of the buffer with its float32 weights; None where it has none.
        shape: The weights' shape: [out, …, in], of a depthwise convolution [1, height, width, channels].
        bias: The number of the buffer with its float32 bias; None where it has none of its own.
        is_depthwise: Whether it is a depthwise convolution.
        multiply_adds: How many it takes for one image; 0 where it has no weights.
    """

    name: str
    input: int
    weights: int | None = None
    shape: tuple[int, ...] = ()
    bias: int | None = None
    is_depthwise: bool = False
    multiply_adds: int = 0


def layers_of(content: bytes) -> list[Layer]:
    """Return the layers of a .tflite file's content."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    tensors = [graph.Tensors(number) for number in range(graph.TensorsLength())]
    uses = Counter(tensor.Buffer() for tensor in tensors)
    layers = []
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = names.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "")
        output = tensors[operator.Outputs(0)]
        layer = Layer(output.Name().decode(), operator.Inputs(0) if operator.InputsLength() else -1)
        if kind in _WITH_WEIGHTS and tensors[operator.Inputs(1)].Type() == schema.TensorType.FLOAT32:
            layer = _with_weights(layer, kind, operator, output, tensors, uses)
        layers.append(layer)
    return layers


def floats_in(content: bytes | bytearray, buffer: int) -> NDArray[np.float32]:
    """Return a buffer of a .tflite file's content: a view, through which a bytearray can be written."""
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    data: NDArray[np.uint8] = schema.Model.GetRootAs(content, 0).Buffers(buffer).DataAsNumpy()
    return data.view(np.float32)


def _with_weights(layer: Layer, kind: str, operator: Any, output: Any, tensors: list[Any], uses: Counter[int]) -> Layer:
    weights = tensors[operator.Inputs(1)]
    shape = tuple(map(int, weights.ShapeAsNumpy()))
    of_a_value = math.prod(shape[1:-1] if kind == _DEPTHWISE else shape[1:])
    bias = operator.Inputs(2) if operator.InputsLength() > 2 else -1
    is_own = bias >= 0 and uses[tensors[bias].Buffer()] == 1  # equal constants may share a buffer
    return Layer(
        name=layer.name,
        input=layer.input,
        weights=weights.Buffer(),
        shape=shape,
        bias=tensors[bias].Buffer() if is_own else None,
        is_depthwise=kind == _DEPTHWISE,
        multiply_adds=math.prod(map(int, output.ShapeAsNumpy()[1:])) * of_a_value,
    )
