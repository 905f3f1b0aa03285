"""Who is measured: a name, and the command that labels a folder's images."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks import material

OURS = "mnclassify"
WEB_PAGE = "web page's loop"
TF_DATA = "tf.data"
LITERT = "LiteRT loop"
ONNX = "ONNX Runtime pool"
_SCRIPTS = Path(__file__).with_name("contenders")


@dataclass(frozen=True)
class Contender:
    """Somebody who labels a folder's images in a process of their own, and prints a line an image.

    Attributes:
        name: What the tables call it.
        command: What is run, but for the folder at its end.
        headers: Lines printed that are no image's.
    """

    name: str
    command: tuple[str, ...]
    headers: int = 0


def contenders(work: Path) -> list[Contender]:
    """Return those whose packages are installed."""
    saved_model = str(work / material.SAVED_MODEL)
    found = [
        Contender(OURS, ours(work), headers=1),
        _script(WEB_PAGE, "web_page.py", saved_model),
        _script(TF_DATA, "tf_data.py", saved_model),
        _script(LITERT, "litert_loop.py", str(material.compiled_model(work))),
    ]
    if find_spec("onnxruntime") and (work / material.ONNX_MODEL).exists():
        found.append(_script(ONNX, "onnx_pool.py", str(work / material.ONNX_MODEL)))
    return found


def ours(work: Path) -> tuple[str, ...]:
    """Return mnclassify's command, with no options but the model's."""
    return (material.mnclassify(), "-m", str(work / material.SAVED_MODEL))


def _script(name: str, script: str, model: str) -> Contender:
    return Contender(name, (sys.executable, str(_SCRIPTS / script), model))
