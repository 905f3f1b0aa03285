"""How the program bears damaged images: mutated files of every format, through the real command.

    python -m tools.damaged_images [--files 20000] [--first-seed 0]

Each file is damaged by its number, which is its seed and its name. Exit code 1 if a run crashes or hangs, an image has
no row of its own, or one takes over five seconds (`--seconds` on a machine that does other work).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from damaged_images import label_damaged


def main() -> int:
    """Run the mutations, print what came of them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = label_damaged(given.files, Path(folder), first_seed=given.first_seed, timeout=given.seconds)
    for status, count in sorted(outcome.rows.items()):
        print(f"{count:8,} {status}")
    print(f"{outcome.seconds:,.0f} s, at most {outcome.peak / 1e6:,.0f} MB")
    for failure in outcome.failures + outcome.slow:
        print(failure)
    return 1 if outcome.failures or outcome.slow else 0


if __name__ == "__main__":
    sys.exit(main())
