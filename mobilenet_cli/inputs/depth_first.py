"""Depth-first traversal with a stack of its own: folders may nest deeper than Python can recurse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

_Found = TypeVar("_Found")
_Node = TypeVar("_Node")


@dataclass(frozen=True, slots=True)
class Subtree(Generic[_Node]):
    """A node that is to be visited next, before its siblings."""

    node: _Node


def depth_first(root: _Node, visit: Callable[[_Node], Iterator[_Found | Subtree[_Node]]]) -> Iterator[_Found]:
    """Yield what `visit` yields for the root, with each Subtree replaced by what a visit there yields."""
    stack = [visit(root)]
    while stack:
        for entry in stack[-1]:
            if isinstance(entry, Subtree):
                stack.append(visit(entry.node))
                break
            yield entry
        else:
            stack.pop()
