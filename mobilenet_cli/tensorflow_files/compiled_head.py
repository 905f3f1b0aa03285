"""Adding a linear head to a compiled network as one more operation in its .tflite, without converting it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mobilenet_cli.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def with_head(compiled: bytes, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> bytes:
    """Return a .tflite with the output features @ kernel + bias, where `compiled` outputs the features.

    Args:
        compiled: A .tflite with one output, float32 [N, features].
        kernel: float32 [features, classes].
        bias: float32 [classes].

    Raises:
        ModelError: The output of `compiled` has another type or width.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(compiled, 0)
    graph = model.subgraphs[0]
    (features,) = graph.outputs
    made = graph.tensors[features]
    if made.type != schema.TensorType.FLOAT32 or made.shape[-1] != len(kernel):
        raise ModelError(f"the compiled network does not output {len(kernel)} features as float32")

    def tensor(name: str, shape: tuple[int, ...], content: NDArray[np.float32] | None = None) -> int:
        """Add a tensor, constant if it has content, and return its index."""
        added = schema.TensorT(shape=list(shape), type=schema.TensorType.FLOAT32, name=name, hasRank=True)
        added.buffer = len(model.buffers)
        model.buffers.append(schema.BufferT(data=None if content is None else _bytes(content)))
        graph.tensors.append(added)
        return len(graph.tensors) - 1

    classes = kernel.shape[1]
    inputs = [features, tensor("head/kernel", kernel.T.shape, kernel.T), tensor("head/bias", bias.shape, bias)]
    logits = tensor("logits", (1, classes))
    graph.tensors[logits].shapeSignature = [-1, classes]
    graph.operators.append(
        schema.OperatorT(
            opcodeIndex=_fully_connected(model, schema),
            inputs=inputs,
            outputs=[logits],
            builtinOptionsType=schema.BuiltinOptions.FullyConnectedOptions,
            builtinOptions=schema.FullyConnectedOptionsT(),
        )
    )
    graph.outputs = [logits]
    for signature in model.signatureDefs or []:
        for output in signature.outputs:
            output.tensorIndex = logits
    builder = flatbuffers.Builder(len(compiled) + kernel.nbytes + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _fully_connected(model: Any, schema: Any) -> int:
    """Add the code of the fully connected operation to the model and return its index."""
    code = schema.BuiltinOperator.FULLY_CONNECTED
    model.operatorCodes.append(schema.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code, version=1))
    return len(model.operatorCodes) - 1


def _bytes(content: NDArray[np.float32]) -> NDArray[np.uint8]:
    import numpy as np

    return np.frombuffer(content.astype("<f4").tobytes(), np.uint8)
