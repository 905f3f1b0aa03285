"""The whole command on three images and a model that knows colours, in this process: a run takes milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import colour_model
import pytest
from colour_engine import IMAGES

from mobilenet_cli.cli import _run


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the command in a folder with photos/red.png, green.png and blue.png, labelled by colour."""
    (folder / "photos").mkdir()
    for name, content in IMAGES.items():
        (folder / "photos" / f"{name}.png").write_bytes(content)
    monkeypatch.chdir(folder)
    model = colour_model.install(monkeypatch)

    def run(*arguments: str) -> Done:
        code = _run([*arguments, "-m", model])
        return Done(code, *capfd.readouterr())

    return run
