"""The models of an evaluation take the options of the command."""

from __future__ import annotations

from typing import Any

import pytest

from mobilenet_cli.cli.evaluation_run import load_models
from mobilenet_cli.cli.model_options import ModelChoice
from mobilenet_cli.cli.precision_options import PrecisionChoice
from mobilenet_cli.cli.terminal import Terminal


def test_both_models_run_at_the_precision_and_on_its_photographs(monkeypatch: pytest.MonkeyPatch):
    loaded: list[dict[str, Any]] = []
    monkeypatch.setattr("mobilenet_cli.classifier.Classifier", lambda **options: loaded.append(options))
    model = ModelChoice("one", "auto", None, None, offline=True)
    load_models(model, PrecisionChoice("int8", "photos"), 2.0, None, "other", Terminal(quiet=True), {})
    assert [(each["model"], each["precision"], each["precision_photos"]) for each in loaded] == [
        ("one", "int8", "photos"),
        ("other", "int8", "photos"),
    ]
