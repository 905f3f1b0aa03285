"""mnclassify and its alternatives, each with the command that labels a folder's images.

The alternatives are the programs in this folder. Each is complete, as good as a few lines can be, runs as
`python NAME.py MODEL FOLDER`, and prints a line `path,index` for each image.
"""

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
_SCRIPTS = Path(__file__).parent


@dataclass(frozen=True)
class Contender:
    """A program that labels a folder's images in its own process and prints one line per image.

    Attributes:
        name: Its name in the tables.
        command: Its command, without the folder at the end.
        headers: Number of printed lines that are not an image's.
    """

    name: str
    command: tuple[str, ...]
    headers: int = 0


def contenders(work: Path) -> list[Contender]:
    """Return the contenders whose packages are installed."""
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
    """Return mnclassify's command with the model as its only option."""
    return (material.mnclassify(), "-m", str(work / material.SAVED_MODEL))


def _script(name: str, script: str, model: str) -> Contender:
    return Contender(name, (sys.executable, str(_SCRIPTS / script), model))
