"""How the program bears damaged models: mutated .tflite files and trained folders, through the real command.

    python -m tools.damaged_models FILE.tflite [--files 50] [--stored 50] [--folder TRAINED --folders 20] [--options …]

Damaged are the file as it is named with -m, the file in a model store that it was imported into, and any file of a
trained model's folder. Each is run on photographs in a process of its own, as many at once as there are cores. Counted
are crashes of the program (a signal), runs over 30 s, and how many were refused or gave the original's labels or
others. For the store and the folder hashes are known, so that others there are a failure, as are crashes and long runs:
each is listed with its seed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from mutations import mutated

_PHOTOGRAPHS = Path(__file__).resolve().parents[1] / "sample_images"
_SECONDS = 30.0
_STORED = "original"


def main() -> int:
    """Run the mutations, print what came of them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--stored", type=int, default=50)
    parser.add_argument("--folders", type=int, default=20)
    parser.add_argument("--options", default="", help="options of the file, such as --labels and --input-range")
    given = parser.parse_args()
    options = given.options.split()
    outcomes: list[_Outcome] = []
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        home = Path(scratch) / "home"
        _command(home, "models", "import", str(given.file), "--name", _STORED, *options, check=True)
        kinds = [
            (given.files, _Kind("named", partial(_named, given.file, options))),
            (given.stored, _Kind("stored", partial(_stored, home))),
        ]
        if given.folder:
            kinds.append((given.folders, _Kind("trained", partial(_trained, given.folder))))
        for count, kind in kinds:
            expected = _labels(kind.made(Path(scratch) / kind.name, None))
            outcomes += pool.map(partial(_outcome, kind, Path(scratch), expected), range(count))
    for text, count in sorted(Counter(outcome.text for outcome in outcomes).items()):
        print(f"{count:6,} {text}")
    print(f"The slowest took {max(outcome.seconds for outcome in outcomes):.1f} s.")
    failures = [failure for outcome in outcomes for failure in outcome.failures]
    for failure in failures:
        print(failure)
    return 1 if failures else 0


@dataclass
class _Model:
    """What -m gets, further options, and the model store."""

    name: str
    home: Path
    options: list[str] = field(default_factory=list)


@dataclass
class _Kind:
    """A kind of model, and what makes one in a folder that is not there yet, damaged by a seed or whole (None)."""

    name: str
    made: Callable[[Path, int | None], _Model]


@dataclass
class _Outcome:
    """What came of a run: what is counted, how long it took, and what must not happen."""

    text: str
    seconds: float
    failures: list[str]


def _named(original: Path, options: list[str], place: Path, seed: int | None) -> _Model:
    place.mkdir()
    file = place / original.name
    shutil.copyfile(original, file)
    _damage(file, seed)
    return _Model(str(file), place / "home", options)


def _stored(home: Path, place: Path, seed: int | None) -> _Model:
    shutil.copytree(home, place)
    (file,) = (place / "models" / _STORED).glob("*.tflite")
    _damage(file, seed)
    return _Model(_STORED, place)


def _trained(original: Path, place: Path, seed: int | None) -> _Model:
    folder = place / "trained"
    shutil.copytree(original, folder)
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.stat().st_size > 8)
    _damage(files[(seed or 0) % len(files)], seed)
    return _Model(str(folder), place / "home")


def _damage(file: Path, seed: int | None) -> None:
    if seed is None:
        return
    state = file.stat()
    file.write_bytes(mutated(file.read_bytes(), seed))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def _outcome(kind: _Kind, scratch: Path, expected: list[object] | None, seed: int) -> _Outcome:
    place = scratch / f"{kind.name}{seed}"
    model = kind.made(place, seed)
    start = time.monotonic()
    failures: list[str] = []
    try:
        found = _labels(model)
        came = "refused" if found is None else "other labels" if found != expected else "the original's labels"
        if came == "other labels" and kind.name != "named":
            failures.append(f"{place.name}: {came}")
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        came = "failed"
        failures.append(f"{place.name}: {error}")
    seconds = time.monotonic() - start
    if seconds > _SECONDS:
        failures.append(f"{place.name}: {seconds:.0f} s")
    shutil.rmtree(place)
    return _Outcome(f"{kind.name}: {came}", seconds, failures)


def _labels(model: _Model) -> list[object] | None:
    """Return what the model says of each photograph, or None where it is refused. Raises for any other end."""
    done = _command(model.home, str(_PHOTOGRAPHS), "-m", model.name, *model.options, "-f", "jsonl")
    if done.returncode == 3:
        return None
    if done.returncode != 1:  # which is where it says nothing finite of some photograph: those are error rows
        done.check_returncode()
    return [{**json.loads(line), "model": None} for line in done.stdout.splitlines()]


def _command(home: Path, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mobilenet_cli", *arguments]
    environment = os.environ | {"MNCLASSIFY_HOME": str(home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=4 * _SECONDS, check=check)


if __name__ == "__main__":
    sys.exit(main())
