"""Which modules the command imports."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Not -X importtime: it writes to descriptor 2, which the command discards while decoders could write to it.
_SCRIPT = """
import atexit, runpy, sys
file = sys.argv.pop(1)
atexit.register(lambda: open(file, "w").write("\\n".join(sys.modules)))
runpy.run_module("mobilenet_cli", run_name="__main__", alter_sys=True)
"""


def watched(*arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Run the command; return what it printed, and the modules that were imported at its end."""
    # Where the tests' coverage is measured, coverage's own imports in the command would be counted as the command's.
    measured_by_none = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "modules")
        command = [sys.executable, "-c", _SCRIPT, str(file), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=measured_by_none)
        return done, set(file.read_text().split("\n"))


def imported(*arguments: str) -> set[str]:
    """Return the modules that the command imports."""
    return watched(*arguments)[1]
