"""The table of engines."""

from __future__ import annotations

from importlib import import_module
from typing import get_args

from mobilenet_cli.engines import COMPILED, ENGINES, REFERENCE, EngineName, opens_compiled


def test_every_engine_can_be_chosen_and_has_a_module_that_opens_it():
    assert set(get_args(EngineName)) == {"auto", *ENGINES}
    for engine in ENGINES.values():
        assert callable(import_module(f"mobilenet_cli.engines.{engine.module}").open_engine)


def test_auto_runs_compiled_files_in_litert_and_what_does_not_compile_in_tensorflow():
    assert (COMPILED, REFERENCE) == ("litert", "tensorflow")
    assert [name for name in get_args(EngineName) if opens_compiled(name)] == ["auto", "litert", "openvino"]
