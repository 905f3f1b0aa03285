"""Measure mnclassify and its alternatives, and print medians, ratios and targets."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.contenders import contenders
from benchmarks.measure import environment
from benchmarks.suites import SUITES, Settings
from benchmarks.targets import targets

_PACKAGES = ("mobilenet-cli", "tensorflow", "tf-keras", "ai-edge-litert", "openvino", "onnxruntime", "pillow", "numpy")
_RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    """Run the suites; return 1 if --check is given and a target is missed, else 0."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mnclassify-bench-") as temporary:
        work = Path(options.work or temporary).resolve()
        settings = Settings(work, options.repeats, options.scale, _print_status)
        _print_status(f"making files and models in {work}")
        # In a separate process, since this one has to stay small: see measure.run.
        subprocess.run(
            [sys.executable, "-m", "benchmarks.material", str(work), str(options.images), str(options.large)],
            env=environment(work / "home"),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=None if options.verbose else subprocess.DEVNULL,
        )
        figures: dict[str, Any] = {"machine": _machine(), "repeats": options.repeats}
        figures["commands"] = {each.name: " ".join(each.command) for each in contenders(work)}
        for name in options.suites:
            figures[name] = SUITES[name](settings)
            options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print("\n".join(tables.lines(figures)))
    print(f"\nAll figures are in {options.json}.")
    if options.quick:
        print("This was a smoke test: with so few images, neither figures nor targets mean anything.")
    return 1 if options.check and not all(target.met for target in targets(figures)) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"any of {', '.join(SUITES)} [default: all]")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of each contender [default: 3]")
    parser.add_argument("--images", type=int, default=1000, metavar="N", help="photographs, and PNGs [default: 1000]")
    parser.add_argument("--large", type=int, default=40, metavar="N", help="JPEGs of 12 megapixels [default: 40]")
    parser.add_argument("--scale", type=int, default=100_000, metavar="N", help="files in the tree [default: 100000]")
    parser.add_argument("--million", dest="scale", action="store_const", const=1_000_000, help="--scale 1000000")
    parser.add_argument("--quick", action="store_true", help="a smoke test: one run on few images")
    parser.add_argument("--work", metavar="FOLDER", help="keep files and models in FOLDER for later runs")
    parser.add_argument(
        "--json",
        type=Path,
        default=_RESULTS,
        metavar="FILE",
        help=f"write the results to FILE [default: benchmarks/{_RESULTS.name}]",
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("-v", "--verbose", action="store_true", help="show TensorFlow's logs")
    options = parser.parse_args()
    for name in options.suites:
        if name not in SUITES:
            parser.error(f"there is no suite {name!r}: {', '.join(SUITES)}")
    options.suites = options.suites or list(SUITES)
    if options.quick:
        options.repeats, options.images, options.large, options.scale = 1, 20, 2, 200
    return options


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    """Return the processor's model, and which of the vector instructions that matter to inference it has."""
    facts = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    flags = [
        flag
        for flag in ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_bf16")
        if flag in facts.get("flags", "").split()
    ]
    return f"{facts.get('model name', platform.machine())} ({', '.join(flags)})"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _print_status(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
