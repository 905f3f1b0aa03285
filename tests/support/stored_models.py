"""Tiny models in the store, without a network that could run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mobilenet_cli.machine.home import home
from mobilenet_cli.models import store
from mobilenet_cli.models.manifest import Compiled, Manifest, Network


def manifest(name: str = "tiny") -> Manifest:
    return Manifest(
        name=name,
        license="",
        image_size=32,
        crop="center",
        interpolation="bilinear",
        labels="",
        networks={
            "classification": Network("a test", "saved_model", 2, "logits", {"32": Compiled("32.tflite", 1e-6)}),
        },
    )


def fill(folder: Path, content: bytes = b"weights") -> Manifest:
    (folder / "saved_model").mkdir()
    (folder / "saved_model" / "saved_model.pb").write_bytes(content)
    (folder / "32.tflite").write_bytes(content)
    return manifest()


def publish(content: bytes = b"weights") -> Manifest:
    with store.lock("tiny"):
        return put("tiny", lambda folder: fill(folder, content))


def put(name: str, build: Callable[[Path], Manifest]) -> Manifest:
    """Have a model of files that `build` makes in an empty folder. Under its lock."""
    with store.new_files(name) as folder:
        return store.publish(folder, build(folder))


def add(name: str, build: Callable[[Path], Manifest]) -> Manifest:
    """Add files that `build` makes in an empty folder to a model."""
    with store.new_files(name) as folder:
        return store.extend(folder, build(folder))


def leftovers() -> list[str]:
    return [path.name for path in (home() / "staging").rglob("*")]
