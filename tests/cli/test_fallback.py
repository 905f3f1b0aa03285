"""That the main model cannot be had is said in one line, and once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.errors import UnavailableError
from mobilenet_cli.models import acquire as module

MAIN, EMBEDDED = "mobilenet_v1_100_128", "efficientnet_lite0"
LINE = f"mnclassify: {MAIN} is not reachable; using the embedded {EMBEDDED}"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Look for the default model as a command does, where only the embedded one is found; return what is printed."""

    def found(origin: module.Origin, wanted: module.Wanted) -> str:
        if origin.name == MAIN:
            raise UnavailableError("gone", ["TF Hub: refused\nthe connection", "Kaggle: HTTP 404"])
        return origin.name

    monkeypatch.setattr(module, "_found", found)

    def run(**options: int) -> list[str]:
        with Terminal(**options, progress=False).warnings_shown():
            assert module._auto(module.Wanted("classification", None, True, False, lambda *_: None)) == EMBEDDED
        return capfd.readouterr().err.splitlines()

    return run


def test_it_is_said_in_one_line_at_the_first_run_of_each_model_store(said, tmp_path: Path, monkeypatch):
    assert said() == [f"{LINE} (-v: why)"]
    assert said() == []
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "another"))
    assert said() == [f"{LINE} (-v: why)"]


def test_with_v_every_run_says_it_with_the_reasons_still_in_one_line(said):
    for _ in range(2):
        (line,) = said(verbosity=1)
        assert line.startswith(f"{LINE}: TF Hub: refused\\nthe connection; Kaggle: HTTP 404; -m {EMBEDDED} ")


def test_a_quiet_run_neither_says_it_nor_counts_as_the_first(said):
    assert said(quiet=True) == []
    assert said() == [f"{LINE} (-v: why)"]


def test_a_model_store_that_cannot_be_written_forgets(said, tmp_path: Path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "file" / "home"))
    assert said() == said() == [f"{LINE} (-v: why)"]
