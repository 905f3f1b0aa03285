"""How the program bears damaged models: mutated .tflite files and trained folders, through the real command.

    python -m tools.damaged_models FILE.tflite [--folder TRAINED] [--files 50] [--folders 20] [--options=…]

Each is run on a photograph in a process of its own, as many at once as there are cores. Counted are crashes of the
program (a signal), runs over 30 s, and how many were refused or labelled. A trained folder has the hashes of its files:
its labels must be the original's, or none. A failure is listed with its seed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from mutations import mutated

_PHOTOGRAPH = Path(__file__).resolve().parents[1] / "sample_images" / "cat.jpg"
_SECONDS = 30.0


def main() -> int:
    """Run the mutations, print what came of them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--folders", type=int, default=20)
    parser.add_argument("--options", default="")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool,
    ):
        os.environ["MNCLASSIFY_HOME"] = f"{scratch}/home"
        of_file = partial(_with_file, given.file, Path(scratch), given.options.split())
        outcomes = list(pool.map(of_file, range(given.files)))
        if given.folder:
            expected = _run(given.folder, []).output.replace(str(given.folder), "")
            of_folder = partial(_with_folder, given.folder, Path(scratch), expected)
            outcomes += pool.map(of_folder, range(given.folders))
    for text, count in sorted(Counter(outcome.text for outcome in outcomes).items()):
        print(f"{count:6,} {text}")
    print(f"The slowest took {max(outcome.seconds for outcome in outcomes):.1f} s.")
    failures = [failure for outcome in outcomes for failure in outcome.failures]
    for failure in failures:
        print(failure)
    return 1 if failures else 0


@dataclass
class _Outcome:
    """What came of a run: what is counted, how long it took, what it printed, and what must not happen."""

    text: str
    seconds: float
    output: str
    failures: list[str] = field(default_factory=list)


def _with_file(original: Path, scratch: Path, options: list[str], seed: int) -> _Outcome:
    file = scratch / f"{seed}.tflite"
    file.write_bytes(mutated(original.read_bytes(), seed))
    outcome = _run(file, options)
    file.unlink()
    return outcome


def _with_folder(original: Path, scratch: Path, expected: str, seed: int) -> _Outcome:
    folder = scratch / f"folder{seed}"
    shutil.copytree(original, folder)
    _damage(folder, seed)
    outcome = _run(folder, [])
    if outcome.output and outcome.output.replace(str(folder), "") != expected:
        outcome.failures.append(f"{folder.name}: other labels")
    shutil.rmtree(folder)
    return outcome


def _damage(folder: Path, seed: int) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.stat().st_size > 8)
    file = files[seed % len(files)]
    state = file.stat()
    file.write_bytes(mutated(file.read_bytes(), seed))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def _run(model: Path, options: list[str]) -> _Outcome:
    command = [sys.executable, "-m", "mobilenet_cli", "-m", str(model), *options, str(_PHOTOGRAPH), "-f", "json"]
    start = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=4 * _SECONDS, check=False)
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        code, output = -1, ""
    what = "folders" if model.is_dir() else "files"
    text = "labelled" if code == 0 else "refused" if code == 3 else f"exit code {code}"
    outcome = _Outcome(f"{what} {text}", time.monotonic() - start, output if code == 0 else "")
    if outcome.seconds > _SECONDS:
        outcome.failures.append(f"{model.name}: {outcome.seconds:.0f} s")
    if code not in (0, 3):
        outcome.failures.append(f"{model.name}: exit code {code}")
    return outcome


if __name__ == "__main__":
    sys.exit(main())
