"""A TensorFlowProcess that makes its calls here."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from mobilenet_cli.in_tensorflow.process import TensorFlowProcess


class InThisProcess(TensorFlowProcess):
    """Calls here what it should call in a child, which costs seconds a test to start."""

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Pickled there and back, as to and from the child.
        function, args, kwargs = pickle.loads(pickle.dumps((function, args, kwargs)))
        return pickle.loads(pickle.dumps(function(*args, **kwargs)))
