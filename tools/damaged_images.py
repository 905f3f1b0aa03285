"""How the program bears damaged images: mutated files of every format, through the real command.

    python -m tools.damaged_images [--files 20000] [--first-seed 0]

Prints a Markdown table, which docs/security.md has. Each file is damaged by its number, which is its seed and its name.
Exit code 1 if a run crashes or hangs, an image has no row of its own, or one takes over five seconds (`--seconds` on a
machine that does other work).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from damaged_images import Outcome, label_damaged

_COLUMNS = ("format", "forms", "files", "labelled", "in part", "crashes", "hangs", "rows lost", "slowest", "memory")


def main() -> int:
    """Run the mutations, print what came of them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = label_damaged(given.files, Path(folder), first_seed=given.first_seed, timeout=given.seconds)
    rows = [_row(name, each) for name, each in sorted(outcomes.items())]
    for row in (_COLUMNS, ("---",) * len(_COLUMNS), *rows):
        print(f"| {' | '.join(row)} |")
    for each in outcomes.values():
        print(*each.notes, sep="\n", end="\n" if each.notes else "")
    return 0 if all(each.is_sound for each in outcomes.values()) else 1


def _row(name: str, each: Outcome) -> tuple[str, ...]:
    counts = (each.forms, each.files, each.labelled, each.warned, each.crashes, each.hangs, each.lost)
    return (name, *(f"{count:,}" for count in counts), f"{each.slowest:.1f} s", f"{each.peak / 1e6:,.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
