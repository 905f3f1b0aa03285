"""The installed command on many small images, to be killed at random moments or run on full disks."""

from __future__ import annotations

import csv
import io
import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from exact_network import SIZE, save_exact_network
from PIL import Image
from unmeasured import unmeasured

COMMAND = str(Path(sys.executable).with_name("mnclassify"))
# One image at a time: so that a run is still under way when it is killed.
SLOWLY = ["--workers", "1", "--batch-size", "1"]
IMAGES = 1500


@dataclass(frozen=True)
class Photos:
    """A folder with small images, some of which fail, and how the command is run on it."""

    folder: Path
    home: Path
    model: Path
    sources: tuple[str, ...] = ()

    def start(self, *arguments: object, **options) -> subprocess.Popen[str]:
        environment = unmeasured(MNCLASSIFY_HOME=str(self.home))
        command = [
            COMMAND,
            "-m",
            str(self.model),
            "--input-range",
            "0:1",
            *(self.sources or [str(self.folder)]),
            *map(str, arguments),
        ]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, **options)

    def run(self, *arguments: object, code: int = 1, **options) -> str:
        """Run it to its end, which has this exit code (1: images failed), and return what it told."""
        process = self.start(*arguments, **options)
        said = process.communicate(timeout=120)[1]
        assert process.returncode == code, said
        return said


def make_photos(work: Path) -> Photos:
    """Make the images, of which some are damaged, in `work`/photos, and take the model into a store there."""
    folder = work / "photos"
    folder.mkdir()
    choose = random.Random(1)
    names = ["{:04}.png", "{:04}, 2.png", '{:04} "x".png', "{:04}\nline.png", "{:04} caf\udce9.png", "{:04} 猫.png"]
    originals = []
    for number in range(40):
        original = folder / f"{number:04} original.png"
        Image.frombytes("RGB", (SIZE, SIZE), choose.randbytes(3 * SIZE * SIZE)).save(original)
        originals.append(original)
    for number in range(40, IMAGES):
        path = folder / choose.choice(names).format(number)
        if number % 20 == 7:
            path.write_bytes(originals[0].read_bytes()[:100] if number % 40 == 7 else b"")
        else:
            path.hardlink_to(originals[number % 40])
    # Runs are interrupted after any image, so images share batches with others than in the run that is compared.
    photos = Photos(folder, work / "home", save_exact_network(work / "exact_32.tflite"))
    replace(photos, sources=(str(originals[0]),)).run(code=0, stdout=subprocess.DEVNULL)  # takes it into the store
    return photos


def paths_in(document: bytes, name: str, status: tuple[str, ...] = ("ok", "error")) -> list[str]:
    """Return the paths of the rows of these statuses; a torn last row is none."""
    if name == "csv":
        rows = list(csv.DictReader(io.StringIO(document.decode(errors="replace"), newline="")))
    else:
        rows = [json.loads(line) for line in document.splitlines(keepends=True) if line.endswith(b"\n")]
    return [row["path"] for row in rows if row["status"] in status]


def kill_at_random(process: subprocess.Popen[str], part: Path, choose: random.Random) -> bool:
    """Kill it at some moment, mostly while it writes rows of images that no run before it got to, to `part`.

    Returns:
        Whether it was still running.
    """

    def labelled() -> int:
        files = part.rglob("*") if part.is_dir() else [part]
        return sum(file.read_bytes().count(b"ok") for file in files if file.is_file())

    before = labelled()
    if choose.random() < 0.2:
        time.sleep(choose.uniform(0, 0.6))  # while it starts, reads the finished rows, or soon after
    else:
        while labelled() <= before and process.poll() is None:
            time.sleep(0.001)
        time.sleep(choose.uniform(0, 0.08))
    process.kill()
    process.communicate()
    assert process.returncode in {-signal.SIGKILL, 1}
    return process.returncode == -signal.SIGKILL
