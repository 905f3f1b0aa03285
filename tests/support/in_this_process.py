"""A TensorFlowProcess that makes its calls here."""

from __future__ import annotations

from importlib import import_module

from mobilenet_cli.in_tensorflow.process import TensorFlowProcess


class InThisProcess(TensorFlowProcess):
    """Calls here what it should call in a child, which costs seconds a test to start."""

    def call(self, function: str, **arguments: object) -> object:
        module, _, name = function.partition(":")
        full_name = module if module.startswith("mobilenet_cli.") else f"mobilenet_cli.models.{module}"
        return getattr(import_module(full_name), name)(**arguments)
