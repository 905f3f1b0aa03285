"""Which engine runs which precision, on which processor, and how far its outputs may be off."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mobilenet_cli.engines import ENGINES, engine_for, precision
from mobilenet_cli.engines.check import relative_rounding
from mobilenet_cli.engines.precision import unsuited
from mobilenet_cli.errors import InputError


@pytest.mark.parametrize(
    ("flags", "suited"),
    [
        ("avx2", {"float32"}),
        ("avx2 avx512f avx512_vnni", {"float32", "int8"}),  # Cascade Lake
        ("avx2 avx_vnni", {"float32", "int8"}),  # Alder Lake
        ("avx2 avx512_vnni avx512_bf16", {"float32", "int8", "bfloat16"}),  # Zen 4
        ("avx512_vnni avx512_bf16 amx_bf16 amx_int8", {"float32", "int8", "bfloat16"}),  # Sapphire Rapids
        ("asimd asimddp bf16", {"float32", "int8"}),  # Graviton 3: OpenVINO has no bfloat16 on Arm
        ("", {"float32"}),
    ],
)
def test_a_precision_suits_processors_with_its_instructions(
    monkeypatch: pytest.MonkeyPatch, flags: str, suited: set[str]
):
    monkeypatch.setattr(precision, "instructions", lambda: frozenset(flags.split()))
    assert {each for each in ("float32", "bfloat16", "int8") if unsuited(each) is None} == suited


def test_each_precision_has_its_engine():
    assert engine_for("auto", "float32") == engine_for("auto", "int8") == "litert"
    assert engine_for("auto", "bfloat16") == engine_for("openvino", "float32") == "openvino"
    with pytest.raises(InputError, match="LiteRT does not run bfloat16: OpenVINO does; leave --engine out"):
        engine_for("litert", "bfloat16")
    with pytest.raises(InputError, match="TensorFlow does not run int8: LiteRT does"):
        engine_for("tensorflow", "int8")


def test_an_engine_that_is_missing_is_installed_by_a_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.engines.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"OpenVINO is not installed: .*pip install 'mobilenet-cli\[openvino\]'"):
        ENGINES["openvino"].check_installed()
    ENGINES["litert"].check_installed()


def test_rounding_is_relative_to_the_deviation():
    expected = np.array([[0.0, 2.0], [4.0, 6.0]], np.float32)  # its deviation is √5
    assert relative_rounding(expected + 1, expected) == pytest.approx(1 / math.sqrt(5), rel=1e-6)
    assert relative_rounding(expected, expected) == 0
    assert relative_rounding(expected[:1], expected) == math.inf
    assert not relative_rounding(np.full((1, 2), np.nan, np.float32), expected[:1]) <= 1  # never rounding
