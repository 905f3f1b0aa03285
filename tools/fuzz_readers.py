"""Coverage-guided fuzzing of the readers of images and manifests, in this process, by atheris (the `fuzz` extra).

    python -m tools.fuzz_readers image|manifest [--seconds 300] [--corpus FOLDER]

An image or a manifest is read or refused: any other error, a crash, or an input that takes over ten seconds ends the
run with a file that shows it. Inputs that reached new code are kept in the corpus, from which the next run goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

with atheris.instrument_imports(include=["mobilenet_cli"]):
    import mobilenet_cli.images
    from mobilenet_cli.errors import ImageError, ModelError
    from mobilenet_cli.images.preprocess import Preprocessing, load_image, silence_decoder_warnings
    from mobilenet_cli.models.manifest import Manifest
    from mobilenet_cli.records import Source

    for module in pkgutil.iter_modules(mobilenet_cli.images.__path__, "mobilenet_cli.images."):
        importlib.import_module(module.name)  # readers are imported at first use, when nothing is instrumented any more

_SIZE = 64
_BYTES = 1 << 17
_PIXELS = np.zeros((_SIZE, _SIZE, 3), np.uint8)


def image(data: bytes) -> None:
    """Read an image."""
    with contextlib.suppress(ImageError):
        load_image(Source("-", data=data), Preprocessing(_SIZE), _PIXELS)


def manifest(data: bytes) -> None:
    """Read a manifest."""
    with contextlib.suppress(ModelError):
        Manifest.parsed(data, "manifest.json")


def _seeds(target: str) -> dict[str, bytes]:
    """Return inputs to begin with, by a file's name."""
    if target == "image":
        from image_forms import forms

        return {name.replace(" ", "_"): content for name, content in forms().items()}
    from mobilenet_cli.models import store

    found = {name: store.find(name) for name in store.names()}
    return {name: each.text().encode() for name, each in found.items() if each is not None}


_TARGETS: dict[str, Callable[[bytes], None]] = {"image": image, "manifest": manifest}


def main() -> None:
    """Fuzz one target until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=_TARGETS)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--corpus", type=Path)
    given = parser.parse_args()
    silence_decoder_warnings()
    folder = given.corpus or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _seeds(given.target).items():
        (folder / name).write_bytes(content)
    limits = [f"-max_total_time={given.seconds}", f"-max_len={_BYTES}", "-timeout=10", "-rss_limit_mb=4096"]
    atheris.Setup([sys.argv[0], *limits, str(folder)], _TARGETS[given.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
