"""A Ray Dataset of groups that are made while it runs.

Ray's own sources are listed before a dataset begins: as a list of blocks, or by tasks that would have to find the
same again on another machine. So this is a source of our own, on Ray Data's internal interfaces of version 2.60:
Ray asks it for the next block whenever it looks what there is to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ray
from ray.data import DataContext, Dataset
from ray.data._internal.execution.interfaces import RefBundle
from ray.data._internal.execution.interfaces.ref_bundle import BlockEntry
from ray.data._internal.execution.operators.input_data_buffer import InputDataBuffer
from ray.data._internal.logical.interfaces import LogicalOperator, LogicalPlan, SourceOperator
from ray.data._internal.planner.planner import Planner
from ray.data._internal.stats import DatasetStats
from ray.data.block import BlockAccessor, BlockMetadata

if TYPE_CHECKING:
    from mobilenet_cli.cluster.groups import Handover


def dataset_of(groups: Handover, context: DataContext) -> Dataset:
    """Return a dataset with a row (number, sources) a group."""
    return Dataset(LogicalPlan(_GroupsInput(groups), context), context, DatasetStats(metadata={}, parent=None))


@dataclass(frozen=True, repr=False, eq=False)
class _GroupsInput(LogicalOperator, SourceOperator):  # type: ignore[misc]  # Ray is not typed
    """The source in the plan."""

    groups: Handover

    def output_data(self) -> None:
        """Return None: nothing of it is known before."""

    def infer_metadata(self) -> BlockMetadata:
        """Return that nothing of it is known before."""
        return BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)

    def infer_schema(self) -> Any:
        """Return the schema of a row."""
        import pyarrow as pa

        return pa.schema({"number": pa.int64(), "sources": pa.large_binary()})

    def is_lineage_serializable(self) -> bool:
        """Return that the plan cannot be written down."""
        return False


class _GroupsBuffer(InputDataBuffer):  # type: ignore[misc]
    """The source as it runs."""

    def __init__(self, context: DataContext, groups: Handover) -> None:
        super().__init__(context, input_data=[])
        self._groups = groups

    def has_execution_finished(self) -> bool:
        return self._groups.has_ended

    def has_next(self) -> bool:
        return self._groups.has_next()

    def _get_next_inner(self) -> RefBundle:
        import pyarrow as pa

        group = self._groups.next()
        sources = pa.array([group.sources], pa.large_binary())
        block = pa.table({"number": [group.number], "sources": sources})
        entry = BlockEntry(ray.put(block), BlockAccessor.for_block(block).get_metadata())
        bundle = RefBundle((entry,), owns_blocks=False, schema=block.schema)
        self._metrics.on_input_received(bundle)
        return bundle


def _planned(operator: _GroupsInput, inputs: list[Any], context: DataContext) -> _GroupsBuffer:
    del inputs
    return _GroupsBuffer(context, operator.groups)


Planner._DEFAULT_PLAN_FNS[_GroupsInput] = _planned
