"""A model in the store whose label is an image's colour: the whole command runs with it in milliseconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from colour_engine import COLOURS, ColourEngine
from stored_models import put

from mobilenet_cli.models import store
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.manifest import Compiled, Manifest, Network

NAME = "colours"


def install(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put the model into the store and have a ColourEngine run it; return its name."""

    def build(folder: Path) -> Manifest:
        (folder / "8.tflite").write_bytes(b"weights")
        (folder / "labels.txt").write_text("".join(f"{name}\n" for name in COLOURS))
        network = Network("a test", None, len(COLOURS), "probabilities", {"8": Compiled("8.tflite", 0.0)})
        return Manifest(
            name=NAME,
            license="",
            image_size=8,
            crop="center",
            interpolation="bilinear",
            labels="labels.txt",
            networks={"classification": network},
        )

    with store.lock(NAME):
        put(NAME, build)
    monkeypatch.setattr(Model, "open_engine", lambda self: ColourEngine())
    return NAME
