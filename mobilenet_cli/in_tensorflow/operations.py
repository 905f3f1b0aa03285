"""Which operations a network may have: a model file is a program, and TensorFlow runs what it says.

Allowed are the operations that TensorFlow's registry calls stateless, without those that reach beyond the computation,
and the few stateful ones that networks are made of. What is in no list, such as an operation of somebody's plug-in,
is refused by its name. Loading a SavedModel runs parts of it, so it is checked before.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import ModelError

# Stateless for TensorFlow's optimiser, and yet they read files, call Python, send, or write elsewhere.
_REACHES_OUT = re.compile(
    "File|PyFunc|Debug|Dataset|Host|Send|Recv|Remote|Rpc|Print|Save|Restore|Checkpoint|ImmutableConst|Summary|Reader|"
    "Queue|TPU|Tpu|Xla|Snapshot|DecodeProto|EncodeProto|Sharded"
)
_STATEFUL = """
    VarHandleOp ReadVariableOp AssignVariableOp AssignAddVariableOp AssignSubVariableOp VarIsInitializedOp
    VariableShape VariableV2 Variable DisableCopyOnRead ResourceGather ResourceGatherNd DestroyResourceOp
    StatefulPartitionedCall If While Case Assert CheckNumerics CheckNumericsV2 GuaranteeConst Empty
    RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal RandomShuffle Multinomial
    StatefulUniform StatefulUniformInt StatefulStandardNormalV2 RngReadAndSkip RngSkip StatelessRandomGetAlg
    SampleDistortedBoundingBoxV2 TensorArrayV3 TensorArrayReadV3 TensorArrayWriteV3 TensorArrayGatherV3
    TensorArrayScatterV3 TensorArraySizeV3 TensorArrayCloseV3 TensorArrayConcatV3 TensorArraySplitV3 HashTableV2
    MutableHashTableV2 AnonymousHashTable InitializeTableV2 LookupTableFindV2 LookupTableImportV2
    LookupTableSizeV2
""".split()  # noqa: SIM905 - fifty quoted names are harder to read
_RUN_ON_LOADING = ("saved_model_main_op", "legacy_init_op", "table_initializer")
_DAMAGED = "TensorFlow cannot load the SavedModel: its saved_model.pb is damaged"
_OF_RESTORING = frozenset(("RestoreV2", "Restore", "RestoreSlice", "ShardedFilename"))


def check_saved_model(folder: Path) -> None:
    """Check the operations that loading and calling a SavedModel runs.

    Raises:
        ModelError: It is damaged, or has an operation that is no part of a network.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    if (folder / "saved_model.cpb").exists():  # TensorFlow would read it instead of the other
        raise ModelError(f"{folder} is a SavedModel in chunks (saved_model.cpb), which is not read")
    file = folder / "saved_model.pb"
    try:
        model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is not a SavedModel: it has no {file.name}") from error
    except OSError as error:
        raise ModelError(f"cannot read {file}: {error.strerror}") from error
    except Exception as error:  # protobuf's own class
        raise ModelError(_DAMAGED) from error
    if not model.meta_graphs:  # an empty file is a message without fields
        raise ModelError(_DAMAGED)
    for meta_graph in model.meta_graphs:
        try:
            _MetaGraph(meta_graph).check()
        except ModelError as error:
            raise ModelError(f"{error}; --trust-model runs it") from error


def check_graph(graph: Any) -> None:
    """Check every operation of a GraphDef. Raises a ModelError that names one that is no part of a network."""
    functions = {each.signature.name: each for each in graph.library.function}
    nodes = [*graph.node, *(node for each in functions.values() for node in each.node_def)]
    _check({node.op for node in nodes}, functions)


def _check(names: Iterable[str], functions: Container[str], also: frozenset[str] = frozenset()) -> None:
    """Raise a ModelError that names the first operation that is no part of a network.

    Args:
        names: The operations.
        functions: Those of them that are the graph's own functions.
        also: Operations that are allowed besides.
    """
    from tensorflow.python.framework import op_def_registry

    for name in sorted(set(names)):
        known = op_def_registry.get(name)
        if known is None:
            is_allowed = name in functions
        else:
            is_mathematics = not known.is_stateful and not _REACHES_OUT.search(name)
            is_allowed = is_mathematics or name in _STATEFUL or name in also
        if not is_allowed:
            raise ModelError(
                f"it has the operation {name}, which is no part of a network: it could act on this machine"
            )


class _MetaGraph:
    """A graph and the functions that it calls.

    Restoring is part of loading, and needs operations that nothing else may have. Saving never runs.
    """

    def __init__(self, meta_graph: Any) -> None:
        self._functions = {each.signature.name: each for each in meta_graph.graph_def.library.function}
        self._nodes = {node.name: node for node in meta_graph.graph_def.node}
        self._meta_graph = meta_graph

    def check(self) -> None:
        """Raise a ModelError that names an operation that is no part of a network."""
        saver = self._meta_graph.saver_def
        restoring = {_node_of(saver.restore_op_name)} & self._nodes.keys()
        saving = {_node_of(saver.save_tensor_name)} & self._nodes.keys()
        _check(self._operations(restoring, ()), self._functions, _OF_RESTORING)
        called = self._operations(self._called_nodes(restoring | saving), self._called_functions())
        _check(called, self._functions)

    def _called_nodes(self, of_saver: set[str]) -> set[str]:
        """Return the nodes that the signatures run, and those that loading runs besides the saver's."""
        outputs = [
            info.name for signature in self._meta_graph.signature_def.values() for info in signature.outputs.values()
        ]
        initial = [
            name
            for key, collection in self._meta_graph.collection_def.items()
            if key in _RUN_ON_LOADING
            for name in collection.node_list.value
        ]
        called = {_node_of(name) for name in (*outputs, *initial)} - of_saver
        return called & self._nodes.keys()

    def _called_functions(self) -> Iterator[str]:
        """Yield the functions of the objects that are restored, without those that save and restore their values."""
        objects = self._meta_graph.object_graph_def
        apart = {
            index
            for node in objects.nodes
            for saveable in node.saveable_objects.values()
            for index in (saveable.save_function, saveable.restore_function)
        }
        saving = {name for index in apart if index < len(objects.nodes) for name in _functions_of(objects.nodes[index])}
        yield from (name for name in objects.concrete_functions if name not in saving)

    def _operations(self, nodes: Iterable[str], functions: Iterable[str]) -> set[str]:
        """Return the names of the operations that running these nodes and functions runs."""
        operations: set[str] = set()
        waiting, seen = [*nodes], set()
        called, known = [*functions], set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen and (node := self._nodes.get(name)) is not None:
                seen.add(name)
                operations.add(node.op)
                waiting += map(_node_of, node.input)
                called += _functions_in(node)
        while called:
            name = called.pop()
            if name not in known and (function := self._functions.get(name)) is not None:
                known.add(name)
                operations.update(node.op for node in function.node_def)
                called += [each for node in function.node_def for each in _functions_in(node)]
        return operations


def _node_of(tensor: str) -> str:
    return tensor.lstrip("^").partition(":")[0]


def _functions_in(node: Any) -> Iterator[str]:
    """Yield the names of the functions that a node calls: by its operation, or by its attributes."""
    yield node.op
    for attribute in node.attr.values():
        if attribute.HasField("func"):
            yield attribute.func.name
        yield from (each.name for each in attribute.list.func)


def _functions_of(node: Any) -> Iterator[str]:
    """Yield the names of an object's functions."""
    if node.HasField("function"):
        yield from node.function.concrete_functions
    elif node.HasField("bare_concrete_function"):
        yield node.bare_concrete_function.concrete_function_name
