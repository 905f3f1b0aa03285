"""How the program bears damaged models: mutated .tflite files and trained folders, through the real command.

    python -m tools.damaged_models FILE.tflite [--folder TRAINED] [--files 50] [--folders 20] [--options=…]

Each is run on a photograph in a process of its own. Counted are crashes of the program (a signal), runs over 30 s, and
how many were refused or labelled. A trained folder has the hashes of its
files: its labels must be the original's, or none. A failure is listed with its seed, and the exit code is 1.
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
    counts, failures = Counter[str](), []
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["MNCLASSIFY_HOME"] = f"{scratch}/home"
        for seed in range(given.files):
            file = Path(scratch) / f"{seed}.tflite"
            file.write_bytes(mutated(given.file.read_bytes(), seed))
            failures += _counted(counts, "file", seed, _run(file, given.options.split()))
            file.unlink()
        expected = _run(given.folder, [])[2] if given.folder else ""
        for seed in range(given.folders if given.folder else 0):
            folder = Path(scratch) / "folder"
            shutil.copytree(given.folder, folder)
            _damage(folder, seed)
            code, seconds, output = _run(folder, [])
            failures += _counted(counts, "folder", seed, (code, seconds, output))
            if code == 0 and output.replace(str(folder), "") != expected.replace(str(given.folder), ""):
                failures.append(f"folder {seed}: other labels")
            shutil.rmtree(folder)
    for text, count in sorted(counts.items()):
        print(f"{count:6,} {text}")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


def _damage(folder: Path, seed: int) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.stat().st_size > 8)
    file = files[seed % len(files)]
    state = file.stat()
    file.write_bytes(mutated(file.read_bytes(), seed))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def _run(model: Path, options: list[str]) -> tuple[int, float, str]:
    command = [sys.executable, "-m", "mobilenet_cli", "-m", str(model), *options, str(_PHOTOGRAPH), "-f", "json"]
    start = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=4 * _SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return -1, time.monotonic() - start, ""
    return done.returncode, time.monotonic() - start, done.stdout


def _counted(counts: Counter[str], what: str, seed: int, result: tuple[int, float, str]) -> list[str]:
    code, seconds, _ = result
    outcome = "labelled" if code == 0 else "refused" if code == 3 else f"exit code {code}"
    counts[f"{what}s {outcome}"] += 1
    slow = [f"{what} {seed}: {seconds:.0f} s"] if seconds > _SECONDS else []
    return slow + ([f"{what} {seed}: exit code {code}"] if code not in (0, 3) else [])


if __name__ == "__main__":
    sys.exit(main())
